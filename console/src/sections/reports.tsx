// The section with reported messages, a queue that can be worked through by keyboard.
import { Link } from '@tanstack/react-router'
import { useRef } from 'react'
import type { Report } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { Choice, useFilters, useOpen } from '../ui/filters.tsx'
import { List } from '../ui/list.tsx'
import { useAct, useTellError } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Avatar, Badge, Empty, Time } from '../ui/small.tsx'
import { authorOf, Conversation, textOf } from './messages.tsx'

export function Reports() {
  const id = useApplicationId()
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const { search, change } = useFilters()
  const { open } = useOpen()
  const state = search.state === 'resolved' ? 'resolved' : 'open'
  const tellError = useTellError()
  /** Ids of reports that are resolved or being so, but may still be in the list. */
  const resolved = useRef(new Set<number>())
  const keep = async (report: Report) => {
    if (resolved.current.has(report.id)) return
    resolved.current.add(report.id)
    await resolve(report, 'keep').catch((error) => {
      resolved.current.delete(report.id)
      tellError(error)
    })
  }
  const openReport = useRef(Number.NaN)
  openReport.current = Number(search.report)
  const close = () => change({ open: undefined, report: undefined })
  const resolve = async (report: Report, action: 'keep' | 'delete') => {
    await act(
      'resolveReport',
      { params: { id, reportId: report.id }, body: { action } },
      action === 'keep' ? 'The message is kept' : 'The message is deleted',
    )
    if (report.id === openReport.current) close()
  }
  const remove = (report: Report) =>
    ask({
      title: 'Delete the message?',
      text: (
        <>
          {report.message && <blockquote>{textOf(report.message)}</blockquote>}
          <p>It is deleted for everybody, and the report is resolved. This cannot be undone.</p>
        </>
      ),
      action: 'Delete message',
      isDangerous: true,
      run: () => resolve(report, 'delete'),
    })
  const isQueue = state === 'open' && may('resolveReport')
  return (
    <Section
      title="Reports"
      filters={<Choice name="state" label="State" options={{ '': 'Open', resolved: 'Resolved' }} />}
      detail={open && <Conversation key={open} messageId={open} onGone={close} />}
      onClose={close}
    >
      {isQueue && (
        <p className="intro soft">
          <kbd>j</kbd> and <kbd>k</kbd> move through the reports, <kbd>e</kbd> keeps the message, <kbd>x</kbd>{' '}
          deletes it, <kbd>Enter</kbd> shows the conversation around it.
        </p>
      )}
      <List
        operation="listReports"
        input={{ params: { id }, query: { state } }}
        label={`Reports, ${state}`}
        open={open && Number(search.report)}
        onOpen={({ id, messageId, message }) =>
          message
            ? change({ open: String(messageId), report: String(id) }, { replace: open !== undefined })
            : close()
        }
        actsOnOpen
        keys={
          isQueue
            ? [
                { keys: 'e', label: 'Keep the message', run: (report) => void keep(report) },
                { keys: 'x', label: 'Delete the message', run: remove },
              ]
            : []
        }
        row={(report) => (
          <>
            <Avatar name={report.message ? authorOf(report.message) : '?'} />
            <div className="row-main">
              <div className="row-line">
                <strong>{report.message ? textOf(report.message) : 'Deleted message'}</strong>
              </div>
              <div className="row-text">
                {report.message && `${authorOf(report.message)}, `}reported by{' '}
                {report.reporter?.displayName ?? 'somebody'}
                {report.reason && `: “${report.reason}”`}
              </div>
            </div>
            {report.resolution && (
              <Badge kind={report.resolution.action === 'delete' ? 'bad' : 'good'}>
                {report.resolution.action === 'delete' ? 'deleted' : 'kept'} by {report.resolution.by}
              </Badge>
            )}
            <Time at={report.createdTime} />
          </>
        )}
        empty={
          state === 'open' ? (
            <Empty title="No open reports">Reports come from clients that let users report a message.</Empty>
          ) : (
            <Empty title="No resolved reports yet" />
          )
        }
      />
      <ReportLink id={id} />
    </Section>
  )
}

function ReportLink({ id }: { id: number }) {
  return (
    <p className="foot soft">
      The audit log also records moderators' decisions. To ban the author of a message, go to{' '}
      <Link to={`/a/${id}/users` as '/'}>users</Link>.
    </p>
  )
}
