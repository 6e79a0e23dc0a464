// Small things that all sections are made of.
import type { ReactNode } from 'react'

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** A time in the viewer's zone; in UTC where one points at it. Of today, the time of day alone. */
export function Time({ at }: { at: string | undefined }) {
  if (!at) return <span className="soft">never</span>
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  return (
    <time dateTime={at} title={`${at.slice(0, 19).replace('T', ' ')} UTC`}>
      {(isToday ? clock : full).format(date)}
    </time>
  )
}

/** A person's initials. Pictures lie wherever people say, and would tell them from where they are looked at. */
export function Avatar({ name, isOnline }: { name: string; isOnline?: boolean | undefined }) {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 6, 7)
  const initials = name.split(/\s+/, 2).map((word) => [...word][0] ?? '')
  return (
    <span className={`avatar hue-${hue}`} aria-hidden="true">
      {initials.join('').toUpperCase()}
      {isOnline && <span className="online" />}
    </span>
  )
}

export function Badge({ kind = '', children }: { kind?: 'good' | 'bad' | 'warn' | ''; children: ReactNode }) {
  return <span className={`badge ${kind}`}>{children}</span>
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <p className="soft">{children}</p>}
    </div>
  )
}

/** JSON that somebody stored, to be read; nothing where there is none. */
export function Json({ title, value }: { title: string; value: unknown }) {
  if (!value || (typeof value === 'object' && Object.keys(value).length === 0)) return null
  return (
    <section>
      <h3>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
    </section>
  )
}

const numbers = new Intl.NumberFormat()
export const count = (value: number) => numbers.format(value)
