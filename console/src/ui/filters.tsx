// Filters and the open item, both kept in the address, so that links lead to the same view.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useKeys } from './keys.ts'

export type Search = Record<string, string | undefined>

/** Returns the query of the address, and a function to change it; undefined and empty values are removed. */
export function useFilters() {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const change = (changes: Search, { replace = true } = {}) => {
    // The query of this moment: a search that is still being typed may have changed it since.
    const merged = (now: Search) =>
      Object.fromEntries(Object.entries({ ...now, ...changes }).filter(([, value]) => value))
    navigate({ to: '.', search: merged as never, replace })
  }
  return { search, change }
}

/** Returns the id of the item open beside the list, and a function to change it. */
export function useOpen() {
  const { search, change } = useFilters()
  const id = Number(search.open)
  return {
    open: Number.isSafeInteger(id) && id > 0 ? id : undefined,
    show: (id: number | undefined) =>
      change({ open: id === undefined ? undefined : String(id) }, { replace: search.open !== undefined }),
  }
}

const typingMs = 250

/** The search field, which the key `/` focuses. */
export function SearchField({ name = 'query', label }: { name?: string; label: string }) {
  const { search, change } = useFilters()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(search[name] ?? '')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const given = search[name] ?? ''
  useEffect(() => {
    if (document.activeElement !== input.current) setText(given)
  }, [given])
  useEffect(() => () => clearTimeout(timer.current), [])
  useKeys(name === 'query' ? [{ keys: '/', label: 'Search', run: () => input.current?.focus() }] : [])
  return (
    <input
      ref={input}
      type="search"
      className="search"
      aria-label={label}
      placeholder={name === 'query' ? `${label}   /` : label}
      value={text}
      onChange={({ target }) => {
        setText(target.value)
        clearTimeout(timer.current)
        timer.current = setTimeout(() => change({ [name]: target.value.trim(), open: undefined }), typingMs)
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' || event.key === 'Enter') {
          event.preventDefault()
          event.currentTarget.blur()
        }
      }}
    />
  )
}

/** A choice of one of a few values, or all. */
export function Choice({
  name,
  label,
  options,
}: {
  name: string
  label: string
  options: Record<string, string>
}) {
  const { search, change } = useFilters()
  return (
    <select
      aria-label={label}
      value={search[name] ?? ''}
      onChange={({ target }) => change({ [name]: target.value, open: undefined })}
    >
      {Object.entries(options).map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  )
}

/** A time input in the viewer's time zone; the address has it in UTC. */
export function Moment({ name, label }: { name: string; label: string }) {
  const { search, change } = useFilters()
  const input = useRef<HTMLInputElement>(null)
  const local = toLocal(search[name])
  // The browser reports each digit of a year. Writing another value back would discard the digits before.
  const [text, setText] = useState(local)
  useEffect(() => {
    if (document.activeElement !== input.current) setText(local)
  }, [local])
  return (
    <label className="moment">
      <span>{label}</span>
      <input
        ref={input}
        type="datetime-local"
        max="9999-12-31T23:59"
        value={text}
        onBlur={() => setText(local)}
        onChange={({ target: { value } }) => {
          setText(value)
          if (!/^0/.test(value)) change({ [name]: value && new Date(value).toISOString(), open: undefined })
        }}
      />
    </label>
  )
}

/** Returns a time as the value of a `datetime-local` input; empty if it is not a time. */
function toLocal(time = ''): string {
  const date = new Date(time)
  if (Number.isNaN(date.valueOf())) return ''
  return new Date(date.valueOf() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
