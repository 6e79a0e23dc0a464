// A virtualized list of any length: loaded on scrolling, and usable by keyboard.
import { type InfiniteData, type QueryKey, useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { type Answer, call, type Input, type Operation } from '../api/client.ts'
import { Failed, isLost } from './failed.tsx'
import { useKeys } from './keys.ts'

type ListOperation = {
  [O in Operation]: Answer<O> extends { items: { id: number }[]; next?: string } ? O : never
}[Operation]
export type ItemOf<O extends ListOperation> = Answer<O>['items'][number]

interface Page<O extends ListOperation> {
  items: ItemOf<O>[]
  next?: string
}

interface ListProps<O extends ListOperation> {
  operation: O
  input: Input<O>
  label: string
  row: (item: ItemOf<O>) => ReactNode
  /** The id of the item shown beside the list. */
  open?: number | undefined
  onOpen?: (item: ItemOf<O>) => void
  /** Actions of keys on the selected item, but not on the open one, unless `actsOnOpen`. */
  keys?: { keys: string; label: string; run: (item: ItemOf<O>) => void }[]
  actsOnOpen?: boolean
  empty: ReactNode
  /** The interval at which the list is refetched, in milliseconds. */
  everyMs?: number
}

const pageSize = 50
const rowHeight = 56
/** A longer list is not refetched whenever the window gets the focus, because all of its pages would be. */
const focusPagesMax = 4

export function List<O extends ListOperation>(props: ListProps<O>) {
  const { operation, input, label, row, open, onOpen, keys = [], actsOnOpen, empty, everyMs } = props
  const {
    data,
    error,
    fetchNextPage,
    hasNextPage,
    isFetching,
    isFetchingNextPage,
    isPending,
    isPlaceholderData,
  } = useInfiniteQuery<Page<O>, Error, InfiniteData<Page<O>>, QueryKey, string>({
    queryKey: [operation, input],
    queryFn: async ({ pageParam }) =>
      (await call(operation, {
        ...input,
        query: { ...input.query, limit: pageSize, ...(pageParam && { cursor: pageParam }) },
      } as Input<O>)) as Page<O>,
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    placeholderData: (before, queryBefore) =>
      isSamePlace(queryBefore?.queryKey[1] as Input<O> | undefined, input) ? before : undefined,
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) <= focusPagesMax,
    ...(everyMs && {
      refetchInterval: ({ state }) => state.data && everyMs * (state.data.pages.length || 1),
    }),
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  /** The selected item: its id, and its place in case that it disappears. */
  const [active, setActive] = useState<{ id?: number | undefined; index: number }>({ index: 0 })
  const filters = JSON.stringify(input)
  const [filtersBefore, setFiltersBefore] = useState(filters)
  if (filters !== filtersBefore) {
    setFiltersBefore(filters)
    setActive({ index: 0 })
  }
  useEffect(() => {
    if (filters) scroller.current?.scrollTo(0, 0)
  }, [filters])
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (index) => items[index]?.id ?? index,
  })
  const rows = virtualizer.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= items.length - 10 && hasNextPage && !isFetchingNextPage && !error) fetchNextPage()
  }, [last, items.length, hasNextPage, isFetchingNextPage, error, fetchNextPage])

  const indexOf = (id: number | undefined) =>
    id === undefined ? -1 : items.findIndex((item) => item.id === id)
  /** The item that a key has opened, until the address says so. */
  const opening = useRef<number>(undefined)
  if (open === undefined || open === opening.current) opening.current = undefined
  const openIndex = indexOf(opening.current ?? open)
  const activeIndex = openIndex >= 0 ? openIndex : indexOf(active.id)
  const chosen = activeIndex >= 0 ? activeIndex : Math.min(active.index, items.length - 1)
  const select = (index: number) => setActive({ index, id: items[index]?.id })
  const chosenId = items[chosen]?.id
  // Items before the selected one come and go; the selection stays on its item.
  useEffect(() => {
    if (!isPlaceholderData && filters) setActive({ index: Math.max(chosen, 0), id: chosenId })
  }, [chosen, chosenId, isPlaceholderData, filters])
  const openInstead = (item: ItemOf<O>) => {
    opening.current = item.id
    onOpen?.(item)
  }
  const move = (by: number) => {
    const next = Math.max(0, Math.min(items.length - 1, chosen + by))
    select(next)
    virtualizer.scrollToIndex(next)
    scroller.current?.focus({ preventScroll: true })
    const item = items[next]
    if (open !== undefined && item) openInstead(item)
  }
  /** The last action requested by a key before the list was loaded. */
  const early = useRef<(item: ItemOf<O>) => void>(undefined)
  const withChosen = (run: (item: ItemOf<O>) => void) => () => {
    const item = items[chosen]
    if (item && !isPlaceholderData) run(item)
    else if (isFetching) early.current = run
  }
  const first = items[chosen]
  useEffect(() => {
    if ((!first || isPlaceholderData) && isFetching) return
    const run = early.current
    early.current = undefined
    if (run && first) run(first)
  }, [first, isPlaceholderData, isFetching])
  useKeys([
    { keys: 'j', label: 'Next in the list', run: () => move(1) },
    { keys: 'k', label: 'Previous in the list', run: () => move(-1) },
    ...(onOpen ? [{ keys: 'Enter', label: 'Open', run: withChosen(onOpen) }] : []),
    // The open item may bind the same keys, and may be another than the selected one, or not in the list.
    ...(open === undefined || (actsOnOpen && openIndex >= 0) ? keys : []).map(({ run, ...binding }) => ({
      ...binding,
      run: withChosen(run),
    })),
  ])

  if (isLost(error, data)) return <Failed error={error} />
  if (isPending) return <div className="list" aria-busy="true" />
  if (items.length === 0) return <div className="list">{empty}</div>
  return (
    <div
      className="list"
      ref={scroller}
      role="listbox"
      aria-label={label}
      aria-activedescendant={`${id}-${chosen}`}
      aria-busy={isPlaceholderData}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
        event.preventDefault()
        move(event.key === 'ArrowDown' ? 1 : -1)
      }}
    >
      <div className="list-inner" role="presentation" style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ index, key, start }) => {
          const item = items[index]
          if (!item) return null
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys for its selected option
            <div
              key={String(key)}
              id={`${id}-${index}`}
              ref={virtualizer.measureElement}
              data-index={index}
              className={`row ${onOpen ? 'opens' : ''}`}
              role="option"
              tabIndex={-1}
              aria-selected={open === undefined ? index === chosen : item.id === open}
              data-active={index === chosen}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => {
                select(index)
                openInstead(item)
              }}
            >
              {row(item)}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** Whether two inputs differ only in their filters. */
function isSamePlace<O extends Operation>(one: Input<O> | undefined, other: Input<O>): boolean {
  return one !== undefined && JSON.stringify(one.params) === JSON.stringify(other.params)
}
