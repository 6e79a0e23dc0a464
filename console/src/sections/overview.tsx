// The section with an overview of an application.
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/client.ts'
import { applicationQuery, useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { every, Failed, isLost } from '../ui/failed.tsx'
import { Section } from '../ui/pane.tsx'
import { count, Facts, Time } from '../ui/small.tsx'
import { Charts, type Interval, loadChart, statisticsQuery } from './charts.tsx'

export function Overview() {
  const id = useApplicationId()
  const may = useMay()
  const { data: application, error } = useQuery({ ...applicationQuery(id), refetchInterval: every(30_000) })
  if (isLost(error, application)) return <Failed error={error} what="Application" />
  if (!application) return <div aria-busy="true" />
  const { counts } = application
  const tiles = [
    ['Users', counts.users, 'users'],
    ['Channels', counts.channels, 'channels'],
    ['Messages', counts.messages, 'messages'],
  ] as const
  return (
    <Section title={application.name}>
      <div className="scroll">
        <ul className="tiles">
          {may('retrieveStatistics') && <Connected />}
          {tiles.map(([title, value, path]) => (
            <li key={path}>
              <Link to={`/a/${id}/${path}` as '/'}>
                <span className="soft">{title}</span>
                <span className="figure">{count(value)}</span>
              </Link>
            </li>
          ))}
        </ul>
        {may('retrieveStatistics') && <Charts />}
        <section className="card">
          <h2>Credentials</h2>
          <Facts
            facts={[
              ['API key', <code key="key">{application.apiKey}</code>],
              ['Client id', <code key="client">{application.clientId ?? 'none'}</code>],
              ['Since', <Time key="since" at={application.createdTime} />],
            ]}
          />
        </section>
      </div>
    </Section>
  )
}

const nowQuery = (id: number) =>
  queryOptions({
    queryKey: ['retrieveStatistics', 'now', id],
    queryFn: () => {
      const from = new Date(Date.now() - 60_000).toISOString()
      return call('retrieveStatistics', { params: { id }, query: { interval: 'hour', from } })
    },
  })

/** Prefetches the data of the section before it is rendered. */
export function askAhead(client: QueryClient, id: number, interval: Interval): void {
  for (const query of [applicationQuery(id), nowQuery(id), statisticsQuery(id, interval)])
    void client.prefetchQuery(query as never)
  void loadChart()
}

/** Shows how many devices are connected; all other figures are in the charts. */
function Connected() {
  const id = useApplicationId()
  const { data } = useQuery({ ...nowQuery(id), refetchInterval: every(10_000) })
  return (
    <li>
      <Link to={`/a/${id}/sessions` as '/'}>
        <span className="soft">Connected now</span>
        <span className="figure">{data ? count(data.now.connections) : '…'}</span>
      </Link>
    </li>
  )
}
