// The WebAssembly build of Prisma's schema engine, on which `prisma migrate` runs; needs no download.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { SchemaEngine, SchemaFilter } from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { fileOfCode, isCompiled } from '#place.ts'
import { DatabaseClient } from '#postgres/database-client.ts'

export const everything: SchemaFilter = { externalTables: [], externalEnums: [] }

export interface OpenEngine {
  engine: SchemaEngine
  /** The engine's only connection, for statements before and after its work. */
  connection: pg.Pool
  /** The reason why the last script failed; the engine's own error may be a consequence of it. */
  scriptError(): Error | undefined
  close(): Promise<void>
}

/** Loads the engine and connects it to a database. */
export async function openSchemaEngine(url: string): Promise<OpenEngine> {
  const { SchemaEngine } = await loadEngine()
  const connection = new pg.Pool({
    connectionString: url,
    Client: DatabaseClient,
    max: 1,
    idleTimeoutMillis: 0,
  })
  const postgres = new PrismaPg(markLetterColumns(connection))
  let scriptError: Error | undefined

  async function connect() {
    const adapter = await postgres.connect()
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async (query) => {
      const set = await queryRaw(query)
      for (const column of letterColumns.get(set.rows) ?? [])
        set.columnTypes[column] = ColumnTypeEnum.Character
      return set
    }
    // The adapter's own implementation splits scripts at every semicolon, even inside strings and function bodies.
    adapter.executeScript = async (script) => {
      try {
        await connection.query(script)
      } catch (error) {
        scriptError = error instanceof Error ? error : new Error(String(error))
        throw error
      }
    }
    return adapter
  }

  try {
    const { provider, adapterName } = postgres
    // Callers that need a shadow database already use a temporary one: scripts/new-migration.ts.
    const factory = { provider, adapterName, connect, connectToShadowDb: connect } as const
    const engine = await SchemaEngine.new(
      { datamodels: undefined },
      () => {},
      bindMigrationAwareSqlAdapterFactory(factory),
    )
    return {
      engine,
      connection,
      scriptError: () => scriptError,
      async close() {
        engine.free()
        await connection.end()
      },
    }
  } catch (error) {
    await connection.end()
    throw error
  }
}

// The adapter refuses one-letter columns (type "char") of the system catalogs, which the engine needs. So they pass the
// adapter as text and are marked as letters afterwards.
const CHAR = 18
const TEXT = 25
const letterColumns = new WeakMap<unknown[][], number[]>()

function markLetterColumns(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool)
  return Object.assign(pool, {
    async query(statement: string | pg.QueryArrayConfig) {
      if (typeof statement === 'string') return query(statement)
      const result = await query(statement)
      const letters = result.fields.flatMap((field, column) => (field.dataTypeID === CHAR ? [column] : []))
      for (const field of result.fields) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT
      letterColumns.set(result.rows, letters)
      return result
    },
  })
}

/** Declared here, because TypeScript knows it only with the browser's types. */
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>
}

type Glue = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')
let loading: Promise<Glue> | undefined

/** Instantiates the module manually, because Node warns that importing .wasm files is experimental. */
function loadEngine(): Promise<Glue> {
  loading ??= (async () => {
    const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg')
    const code = await readFile(engineFile())
    const imports: Record<string, unknown> = { ...glue }
    for (const name of Object.keys(imports)) {
      // The engine's timers keep running after the work they limit is done, and must not keep a process alive.
      if (name.startsWith('__wbg_setTimeout'))
        imports[name] = (f: () => void, ms: number) => setTimeout(f, ms).unref()
    }
    const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': imports })
    const start = instance.exports.__wbindgen_start
    if (typeof start !== 'function') throw new Error('this is not the schema engine that was expected')
    glue.__wbg_set_wasm(instance.exports)
    start()
    return glue
  })()
  return loading
}

function engineFile(): URL | string {
  const name = 'schema_engine_bg.wasm'
  if (isCompiled) return fileOfCode(name)
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  return join(dirname(glue), name)
}
