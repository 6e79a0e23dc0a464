// Small components used in all sections.
import type { ReactNode } from 'react'

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** Shows a time in the viewer's time zone, without the date if it is today; its tooltip has the time in UTC. */
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

/** Shows initials. Pictures may be on any host, which would learn the address of the viewer. */
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

/** Shows text as it is; it may be wider and higher than its place. */
export function Pre({ className, children }: { className?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard
    <pre className={className} tabIndex={0}>
      {children}
    </pre>
  )
}

/** Shows custom JSON; nothing if there is none. */
export function Json({ title, value }: { title: string; value: unknown }) {
  if (!value || (typeof value === 'object' && Object.keys(value).length === 0)) return null
  return (
    <section>
      <h3>{title}</h3>
      <Pre>{JSON.stringify(value, null, 2)}</Pre>
    </section>
  )
}

const numbers = new Intl.NumberFormat()
export const count = (value: number) => numbers.format(value)
