import { setTimeout as sleep } from 'node:timers/promises'
import type { Scene } from './round.ts'
import type { Instance, Stage } from './stage.ts'

const stoppedMs = 12_000
/** After this time another process leads. */
const takeoverMs = 5_000

/**
 * Stops the leader, like a paused machine. Clients of the other server receive everything meanwhile. Clients of the
 * leader wait, or a proxy that has noticed redirects them.
 */
export async function stopLeader({ stage, random, devices, broken }: Scene): Promise<void> {
  const leader = leaderOf(stage)
  const other = stage.instances.find((instance) => instance !== leader) as Instance
  const isLed = random() < 0.5
  if (isLed) stage.died() // what it has not kept by then, the other server cannot know
  leader.server.child.kill('SIGSTOP')
  try {
    await sleep(takeoverMs / 2)
    if (isLed) {
      leader.network.leadTo(other.server.url)
      stage.died() // a receipt that arrived until now may confirm what it took just before it was stopped
      leader.network.cut()
    }
    await sleep(takeoverMs / 2)
    const there = devices.filter(({ url }) => url === other.network.url)
    const before = there.map(({ heard }) => heard.length)
    await sleep(stoppedMs - takeoverMs)
    for (const [at, { name, heard }] of there.entries()) {
      if (heard.length === before[at]) {
        broken(
          `${name} was delivered nothing from ${takeoverMs} ms after the leader had stopped until it went on`,
        )
      }
    }
  } finally {
    leader.server.child.kill('SIGCONT')
    leader.network.leadTo(leader.server.url)
    if (isLed) leader.network.cut() // otherwise its clients stay at the other server, also in later rounds
  }
  await sleep(1_000) // for it to find out
}

/** Returns the last process that logged that it leads. */
function leaderOf({ instances }: Stage): Instance {
  const saidAt = ({ server }: Instance): number => {
    const lines = server.output().split('\n')
    const said = lines.findLast((line) => line.includes('this process publishes the events'))
    return said === undefined ? 0 : JSON.parse(said).time
  }
  return instances.toSorted((a, b) => saidAt(b) - saidAt(a))[0] as Instance
}
