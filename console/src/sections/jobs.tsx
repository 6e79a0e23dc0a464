// The section with imports and exports, their progress and their errors.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { addressOf, call } from '../api/client.ts'
import type { Job } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { useOpen } from '../ui/filters.tsx'
import { List } from '../ui/list.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, count, Empty, Facts, Time } from '../ui/small.tsx'
import { useTransfers } from './transfers.tsx'

const kinds = { PENDING: '', RUNNING: 'warn', FINISHED: 'good', FAILED: 'bad' } as const
const nameOf = ({ type }: Job) => {
  const words = type.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function Jobs() {
  const id = useApplicationId()
  const { open, show } = useOpen()
  const { actions, dropping } = useTransfers(show)
  const { isOver, ...drag } = dropping
  return (
    <Section
      title="Jobs"
      actions={actions}
      detail={open && <JobDetail key={open} jobId={open} />}
      onClose={() => show(undefined)}
    >
      <div className={`drop ${isOver ? 'is-over' : ''}`} {...drag}>
        <List
          operation="listJobs"
          input={{ params: { id } }}
          label="Jobs, newest first"
          everyMs={3_000}
          open={open}
          onOpen={({ id }) => show(id)}
          row={(job) => (
            <>
              <div className="row-main">
                <div className="row-line">
                  <strong>{nameOf(job)}</strong>
                  <Badge kind={kinds[job.state]}>{job.state.toLowerCase()}</Badge>
                </div>
                <Progress job={job} />
              </div>
              <Time at={job.createdTime} />
            </>
          )}
          empty={
            <Empty title="No jobs yet">
              Drop a JSON file here to import users, channels or messages. Imports and exports appear here,
              with their progress and errors.
            </Empty>
          }
        />
      </div>
    </Section>
  )
}

function Progress({ job: { processed, failed, total, state } }: { job: Job }) {
  return (
    <div className="row-text">
      {state === 'RUNNING' && <progress aria-label="Progress" value={processed} max={total} />}{' '}
      {count(processed)}
      {total !== undefined && ` of ${count(total)}`} done{failed > 0 && `, ${count(failed)} failed`}
    </div>
  )
}

function JobDetail({ jobId }: { jobId: number }) {
  const id = useApplicationId()
  const may = useMay()
  const { data: job, error } = useQuery({
    queryKey: ['retrieveJob', id, jobId],
    queryFn: () => call('retrieveJob', { params: { id, jobId } }),
    refetchInterval: ({ state }) => (state.data && !state.data.endedTime ? 2_000 : false),
  })
  // The list beside it shows the same job.
  const client = useQueryClient()
  const isEnded = job?.endedTime !== undefined
  useEffect(() => {
    if (isEnded) void client.invalidateQueries({ queryKey: ['listJobs'] })
  }, [client, isEnded])
  if (isLost(error, job)) return <Failed error={error} what="Job" />
  if (!job) return <div aria-busy="true" />
  return (
    <>
      <h2>{nameOf(job)}</h2>
      <Progress job={job} />
      <Facts
        facts={[
          [
            'State',
            <Badge key="state" kind={kinds[job.state]}>
              {job.state.toLowerCase()}
            </Badge>,
          ],
          ['Started', <Time key="begun" at={job.createdTime} />],
          ...(job.endedTime
            ? ([['Ended', <Time key="ended" at={job.endedTime} />]] as [string, React.ReactNode][])
            : []),
        ]}
      />
      {job.file && may('downloadJobFile') && (
        <p>
          <a className="button" href={addressOf('downloadJobFile', { params: { id, jobId } })} download>
            Download the file
          </a>
        </p>
      )}
      {job.type === 'PERSON_ERASURE' && job.state === 'FINISHED' && may('listAudit') && (
        <p>
          <Link to={'/audit' as '/'} search={{ action: 'user.erased', application: String(id) } as never}>
            Certificate in the audit log
          </Link>
        </p>
      )}
      {job.errors.length > 0 && (
        <section>
          <h3>Errors</h3>
          <ul className="links">
            {job.errors.map(({ index, reason }) => (
              <li key={index}>
                <span className="soft mono">{index}</span> {reason}
              </li>
            ))}
          </ul>
          {job.failed > job.errors.length && (
            <p className="soft">
              Only the first {count(job.errors.length)} of {count(job.failed)} are kept.
            </p>
          )}
        </section>
      )}
    </>
  )
}
