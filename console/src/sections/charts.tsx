// Charts of the activity in an application, by hour or day.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { call } from '../api/client.ts'
import type { StatisticsBucket } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { every, Failed, isLost } from '../ui/failed.tsx'
import { useFilters } from '../ui/filters.tsx'
import { count } from '../ui/small.tsx'

export const loadChart = () => import('../ui/chart.tsx')
const Chart = lazy(loadChart)

export type Interval = 'hour' | 'day'
export const intervalOf = (text: string | null | undefined): Interval => (text === 'day' ? 'day' : 'hour')

export const statisticsQuery = (id: number, interval: Interval) =>
  queryOptions({
    queryKey: ['retrieveStatistics', interval, id],
    queryFn: () => call('retrieveStatistics', { params: { id }, query: { interval } }),
  })

type Measure = Exclude<keyof StatisticsBucket, 'start'>
const charts: { measure: Measure; title: string; unit?: string }[] = [
  { measure: 'messages', title: 'Messages' },
  { measure: 'activeUsers', title: 'Active users' },
  { measure: 'connections', title: 'Sessions started' },
  { measure: 'newUsers', title: 'New users' },
  { measure: 'requests', title: 'Requests' },
  { measure: 'errors', title: 'Failed requests' },
  { measure: 'p99Ms', title: 'Request duration (p99)', unit: ' ms' },
]

export function Charts() {
  const id = useApplicationId()
  const { search, change } = useFilters()
  const interval = intervalOf(search.interval)
  const { data, error } = useQuery({ ...statisticsQuery(id, interval), refetchInterval: every(30_000) })
  const buckets = data?.buckets
  const times = useMemo(() => buckets?.map(({ start }) => Date.parse(start) / 1_000) ?? [], [buckets])
  return (
    <section className="charts" aria-label="Statistics">
      <fieldset className="segmented">
        <legend className="visually-hidden">Interval</legend>
        {(['hour', 'day'] as const).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="interval"
              checked={each === interval}
              onChange={() => change({ interval: each === 'day' ? 'day' : undefined })}
            />
            <span>{each === 'hour' ? '24 hours' : '30 days'}</span>
          </label>
        ))}
      </fieldset>
      {isLost(error, data) && <Failed error={error} />}
      <div className="chart-grid">
        {buckets &&
          charts.map(({ measure, title, unit }) => (
            <Measured
              key={measure}
              title={title}
              unit={unit}
              times={times}
              buckets={buckets}
              measure={measure}
            />
          ))}
      </div>
    </section>
  )
}

interface MeasuredProps {
  title: string
  unit: string | undefined
  times: number[]
  buckets: StatisticsBucket[]
  measure: Measure
}

function Measured({ title, unit, times, buckets, measure }: MeasuredProps) {
  const values = useMemo(() => buckets.map((bucket) => bucket[measure] ?? null), [buckets, measure])
  const known = values.filter((value) => value !== null)
  const most = Math.max(0, ...known)
  const sum = known.reduce((total, value) => total + value, 0)
  const summary = unit ? `${count(most)}${unit} at most` : `${count(sum)} in all, ${count(most)} at most`
  const isSet = measure === 'activeUsers'
  return (
    <figure className="card chart-card">
      <figcaption>
        <strong>{title}</strong>
        <span className="soft">{isSet ? `${count(most)} at most` : summary}</span>
      </figcaption>
      <Suspense fallback={<div className="chart" />}>
        <Chart title={title} times={times} values={values} {...(unit && { unit })} />
      </Suspense>
    </figure>
  )
}
