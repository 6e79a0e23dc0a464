// Functions of an application, and what they did.
import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { FunctionInvocation } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useOpen } from '../ui/filters.tsx'
import { List } from '../ui/list.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, Empty, Json, Time } from '../ui/small.tsx'

const kinds = { RUNNING: 'warn', SUCCEEDED: 'good', FAILED: 'bad' } as const

export function Functions() {
  const id = useApplicationId()
  const { open, show } = useOpen()
  return (
    <Section
      title="Functions"
      detail={open && <Invocations key={open} functionId={open} />}
      onClose={() => show(undefined)}
    >
      <List
        operation="listFunctions"
        input={{ params: { id } }}
        label="Functions"
        open={open}
        onOpen={({ id }) => show(id)}
        row={({ name, type, enabled, currentVersionNumber }) => (
          <>
            <div className="row-main">
              <div className="row-line">
                <strong>{name}</strong>
                {!enabled && <Badge>off</Badge>}
              </div>
              <div className="row-text">
                <span className="mono">{type}</span>
              </div>
            </div>
            <span className="soft">version {currentVersionNumber}</span>
          </>
        )}
        empty={
          <Empty title="No functions yet">
            A function is your code that runs when something happens. `chatterie functions deploy` brings one
            here.
          </Empty>
        }
      />
    </Section>
  )
}

function Invocations({ functionId }: { functionId: number }) {
  const id = useApplicationId()
  const { data, error } = useQuery({
    queryKey: ['listFunctionInvocations', id, functionId],
    queryFn: () => call('listFunctionInvocations', { params: { id, functionId }, query: { limit: 25 } }),
    refetchInterval: 3_000,
  })
  if (error) return <Empty title="This function is not there">{error.message}</Empty>
  return (
    <>
      <h2>What it did</h2>
      {data?.items.length === 0 && <p className="soft">It has not run yet.</p>}
      {data?.items.map((each) => (
        <Invocation key={each.id} invocation={each} />
      ))}
    </>
  )
}

function Invocation({ invocation }: { invocation: FunctionInvocation }) {
  const { status, createdTime, durationMs, logs, args, result, versionNumber } = invocation
  return (
    <details className="run">
      <summary>
        <Badge kind={kinds[status]}>{status.toLowerCase()}</Badge> <Time at={createdTime} />{' '}
        <span className="soft">
          version {versionNumber}
          {durationMs !== undefined && `, ${durationMs} ms`}
          {logs.length > 0 && `, ${logs.length} lines`}
        </span>
      </summary>
      <ul className="log mono">
        {logs.map(({ time, level, text }, index) => (
          <li key={`${time}-${String(index)}`} className={level}>
            {text}
          </li>
        ))}
      </ul>
      <Json title="Given" value={args} />
      <Json title="Result" value={result} />
    </details>
  )
}
