// Grants let a real-time client access files without a token of its application (runtime contract 6.4). They are
// stateless and signed, `<r|w>.<application>.<user>.<expiry>.<signature>`, so that every process can verify them.
// Clients put them into URLs unescaped, so they contain only letters, digits, `-`, `_` and `.`.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '#clock/clock.ts'

export interface Grant {
  access: 'read' | 'write'
  applicationId: number
  userId: number
}

export interface Grants {
  give(grant: Grant): Promise<string>
  /**
   * Returns the grant in a text; undefined if it is forged, for another access, or expired.
   * @param isOn called for an expired grant; returns whether its user has stayed connected since it was given
   */
  check(
    text: string,
    access: Grant['access'],
    isOn?: (grant: Grant, given: Date) => Promise<boolean>,
  ): Promise<Grant | undefined>
}

/**
 * Hours for which a grant is valid by itself. Clients fetch a grant when their session starts and never again, not even
 * when they reconnect, so it remains valid while its user stays connected, up to {@link grantDaysMax} days. A new one
 * can be requested at any time.
 */
export const grantHours = 6
export const grantDaysMax = 30
const lifetimeMs = grantHours * 3_600_000
const connectedMs = grantDaysMax * 86_400_000
/** Maximum difference between the clocks of processes. */
const skewMs = 60_000

const pattern = /^(([rw])\.(\d{1,16})\.(\d{1,16})\.(\d{1,12}))\.([\w-]{43})$/

/** `keys` are the same in every process of an installation: the first signs, all verify. */
export function openGrants(keys: () => Promise<readonly Uint8Array[]>, clock: Pick<Clock, 'now'>): Grants {
  const signatures = async (text: string) =>
    (await keys()).map((key) => createHmac('sha256', key).update(text).digest())
  return {
    async give({ access, applicationId, userId }) {
      const expiry = Math.ceil((clock.now() + lifetimeMs) / 1000)
      const claim = [access === 'read' ? 'r' : 'w', applicationId, userId, expiry].join('.')
      const [signature] = (await signatures(claim)) as [Buffer]
      return `${claim}.${signature.toString('base64url')}`
    },
    async check(text, access, isOn) {
      const [, claim = '', letter, applicationId, userId, expiry, signature = ''] = pattern.exec(text) ?? []
      const shown = sized(Buffer.from(signature, 'base64url'))
      if (!(await signatures(claim)).some((right) => timingSafeEqual(right, shown))) return undefined
      const given = Number(expiry) * 1000 - lifetimeMs
      const ageMs = clock.now() - given
      if (letter !== access[0] || ageMs < -skewMs) return undefined
      const grant: Grant = { access, applicationId: Number(applicationId), userId: Number(userId) }
      if (ageMs < lifetimeMs) return grant
      const isHeld = ageMs < connectedMs && (await isOn?.(grant, new Date(given + skewMs)))
      return isHeld ? grant : undefined
    },
  }
}

/** Pads a malformed signature, so that it is compared like any other. */
function sized(signature: Buffer): Buffer {
  return signature.length === 32 ? signature : Buffer.alloc(32)
}
