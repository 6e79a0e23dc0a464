// The kinds of faults.
import { setTimeout as sleep } from 'node:timers/promises'
import { backendPid, postmasterPid } from '../support/embedded.ts'
import { fillDisk } from './disk-full.ts'
import { hasRedis } from './redis.ts'
import type { Scene } from './round.ts'
import type { Instance, Stage } from './stage.ts'
import { openOne, openOnSmallDisk, openTwo } from './stages.ts'
import { stopLeader } from './stop-leader.ts'

export interface Fault {
  says: string
  /** The number of faults in a round. */
  strikes: number
  /** Why this machine cannot produce the fault; undefined if it can. */
  cannot?(): Promise<string | undefined>
  open(): Promise<Stage>
  /** Produces one fault. Resolves when everything works again. */
  strike(scene: Scene): Promise<void>
}

export const faults: Record<string, Fault> = {
  'cut-clients': {
    says: 'TCP connections of clients are cut, some of them after answers were held back',
    strikes: 5,
    open: openOne,
    async strike({ stage, random }) {
      const { network } = onlyInstance(stage)
      if (random() < 0.5) {
        network.holdAnswers()
        await sleep(random() * 300)
      }
      network.cut()
    },
  },
  'kill-server': {
    says: 'kill -9 of the only server, which starts again',
    strikes: 3,
    open: openOne,
    async strike({ stage }) {
      const instance = onlyInstance(stage)
      await stage.kill(instance)
      await stage.restart(instance)
    },
  },
  'kill-backend': {
    says: 'kill -9 of a process of Postgres, from which it recovers; connections of clients are cut meanwhile',
    strikes: 3,
    open: openOne,
    strike: (scene) => killPostgres(scene, backendPid),
  },
  'kill-postgres': {
    says: 'kill -9 of Postgres, which the server starts again; connections of clients are cut meanwhile',
    strikes: 2,
    open: openOne,
    strike: (scene) => killPostgres(scene, postmasterPid),
  },
  'kill-one-of-two': {
    says: 'kill -9 of one of two servers: its clients go to the other, and it starts again',
    strikes: 3,
    cannot: missingRedis,
    open: openTwo,
    strike: killOneProcess,
  },
  'stop-leader': {
    says: 'the leader of two servers is stopped for 12 s (SIGSTOP), and goes on as if nothing had been',
    strikes: 1,
    cannot: missingRedis,
    open: openTwo,
    strike: stopLeader,
  },
  'redis-away': {
    says: 'the Redis between two servers is killed, or stopped, and comes back',
    strikes: 2,
    cannot: missingRedis,
    open: openTwo,
    strike: disconnectRedis,
  },
  'disk-full': {
    says: 'the disk of the embedded Postgres and of the files is full, until there is room again',
    strikes: 2,
    cannot: async () => (process.getuid?.() === 0 ? undefined : 'only root may mount a small disk'),
    open: openOnSmallDisk,
    strike: fillDisk,
  },
  storm: {
    says: 'two at once of: one of two servers killed, clients cut, a process of Postgres killed, Redis away',
    strikes: 4,
    cannot: missingRedis,
    open: openTwo,
    async strike(scene) {
      const { random } = scene
      const all = [killOneProcess, cutSome, killSharedBackend, disconnectRedis]
      const [one] = all.splice(Math.floor(random() * all.length), 1)
      const [other] = all.splice(Math.floor(random() * all.length), 1)
      await Promise.all([one?.(scene), other?.(scene)])
      await scene.stage.get('/application')
    },
  },
}

async function missingRedis(): Promise<string | undefined> {
  return (await hasRedis()) ? undefined : 'there is no redis-server'
}

function onlyInstance({ instances }: Stage): Instance {
  return instances[0] as Instance
}

function inAnyOrder({ instances }: Stage, random: () => number): [Instance, Instance] {
  return (random() < 0.5 ? instances : instances.toReversed()) as [Instance, Instance]
}

/** Its clients are redirected to the other server until it has restarted. */
async function killOneProcess({ stage, random }: Scene): Promise<void> {
  const [gone, other] = inAnyOrder(stage, random)
  gone.network.leadTo(other.server.url)
  await stage.kill(gone)
  await sleep(500 + random() * 1_000)
  await stage.restart(gone)
  gone.network.leadTo(gone.server.url)
  gone.network.cut()
}

async function cutSome({ stage, random }: Scene): Promise<void> {
  const [{ network }] = inAnyOrder(stage, random)
  network.cut()
}

async function killSharedBackend({ stage, random }: Scene): Promise<void> {
  await sleep(random() * 500)
  const pid = await backendPid(stage.folder)
  stage.died()
  process.kill(pid, 'SIGKILL')
}

async function disconnectRedis({ stage: { redis }, random }: Scene): Promise<void> {
  if (random() < 0.5) {
    redis?.stop()
    await sleep(1_000 + random() * 6_000)
    redis?.goOn()
  } else {
    await redis?.kill()
    await sleep(500 + random() * 2_000)
    await redis?.start()
  }
}

/** Kills a process of the embedded Postgres; resolves when the server can write again. */
async function killPostgres(
  { stage, random }: Scene,
  find: (home: string) => Promise<number>,
): Promise<void> {
  const { home, network } = onlyInstance(stage)
  const pid = await find(home)
  stage.died()
  process.kill(pid, 'SIGKILL')
  await sleep(random() * 500)
  if (random() < 0.5) network.cut()
  await stage.get('/application')
}
