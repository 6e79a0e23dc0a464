// An OpenTelemetry collector, which receives spans by OTLP over HTTP in JSON.
import { once } from 'node:events'
import { createServer } from 'node:http'

export interface CollectedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  start: number
  end: number
  attributes: Record<string, unknown>
  isError: boolean
}

interface Exported {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: {
      spans: (Omit<CollectedSpan, 'attributes' | 'start' | 'end' | 'isError'> & {
        attributes: Attribute[]
        startTimeUnixNano: string
        endTimeUnixNano: string
        status?: { code?: number }
      })[]
    }[]
  }[]
}
interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number }
}

const toRecord = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))

export async function startCollector() {
  const spans: CollectedSpan[] = []
  const resources: Record<string, unknown>[] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const isOurs = request.url === '/v1/traces' && request.headers['content-type'] === 'application/json'
    response.writeHead(isOurs ? 200 : 404, { 'content-type': 'application/json' }).end('{}')
    if (!isOurs) return
    bodies.push(body)
    for (const { resource, scopeSpans } of (JSON.parse(body) as Exported).resourceSpans) {
      resources.push(toRecord(resource.attributes))
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({
          ...span,
          attributes: toRecord(span.attributes),
          start: Number(span.startTimeUnixNano) / 1e6,
          end: Number(span.endTimeUnixNano) / 1e6,
          isError: span.status?.code === 2,
        })
      }
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    resources,
    bodies,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
