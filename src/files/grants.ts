// Grants: what lets a real-time client reach files without a token of its application (runtime contract 6.4).
// Stateless and signed, `<r|w>.<application>.<user>.<expiry>.<signature>`, so every process can check them; clients
// put them into URLs as they are, so they hold only letters, digits, `-`, `_` and `.`.
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface Grant {
  access: 'read' | 'write'
  applicationId: number
  userId: number
}

export interface Grants {
  give(grant: Grant): Promise<string>
  /** What a text grants, or undefined where it is forged, expired or grants another access. */
  check(text: string, access: Grant['access']): Promise<Grant | undefined>
}

/** Clients fetch a grant once a session, and never again, not even when they reconnect. */
export const grantDays = 30
const lifetimeMs = grantDays * 86_400_000

const pattern = /^(([rw])\.(\d{1,16})\.(\d{1,16})\.(\d{1,12}))\.([\w-]{43})$/

/** `key` is the same in every process of an installation. */
export function openGrants(key: () => Promise<Uint8Array>, now: () => number = Date.now): Grants {
  const sign = async (text: string) =>
    createHmac('sha256', await key())
      .update(text)
      .digest()
  return {
    async give({ access, applicationId, userId }) {
      const expiry = Math.ceil((now() + lifetimeMs) / 1000)
      const claim = [access === 'read' ? 'r' : 'w', applicationId, userId, expiry].join('.')
      return `${claim}.${(await sign(claim)).toString('base64url')}`
    },
    async check(text, access) {
      const [, claim = '', letter, applicationId, userId, expiry, signature = ''] = pattern.exec(text) ?? []
      if (!timingSafeEqual(await sign(claim), sized(Buffer.from(signature, 'base64url')))) return undefined
      if (letter !== access[0] || Number(expiry) * 1000 <= now()) return undefined
      return { access, applicationId: Number(applicationId), userId: Number(userId) }
    },
  }
}

/** A text that is no grant at all is compared like any other. */
function sized(signature: Buffer): Buffer {
  return signature.length === 32 ? signature : Buffer.alloc(32)
}
