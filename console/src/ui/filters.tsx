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
    const entries = Object.entries({ ...search, ...changes }).filter(([, value]) => value)
    navigate({ to: '.', search: Object.fromEntries(entries) as never, replace })
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
  const given = search[name]
  const date = given ? new Date(given) : undefined
  const local =
    date && !Number.isNaN(date.valueOf())
      ? new Date(date.valueOf() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
      : ''
  return (
    <label className="moment">
      <span>{label}</span>
      <input
        type="datetime-local"
        value={local}
        onChange={({ target }) =>
          change({ [name]: target.value && new Date(target.value).toISOString(), open: undefined })
        }
      />
    </label>
  )
}
