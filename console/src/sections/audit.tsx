// The section with the audit log: who did what, when, and from where.
import { addressOf } from '../api/client.ts'
import { useApplications } from '../application.tsx'
import { Choice, Moment, SearchField, useFilters } from '../ui/filters.tsx'
import { List } from '../ui/list.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, Empty, Time } from '../ui/small.tsx'

export function Audit() {
  const { search } = useFilters()
  const { query: actor, action, application, from, to } = search
  const query = { actor, action, application, from, to } as never
  const isFiltered = Boolean(actor || action || application || from || to)
  const applications = useApplications() ?? []
  return (
    <Section
      title="Audit"
      actions={
        <a className="button" href={addressOf('exportAudit', { query })} download="audit.csv">
          Download CSV
        </a>
      }
      filters={
        <>
          <SearchField label="Who did it" />
          <SearchField name="action" label="Action, for example user.banned" />
          <Choice
            name="application"
            label="Application"
            options={{
              '': 'All applications',
              ...Object.fromEntries(applications.map(({ id, name }) => [id, name])),
            }}
          />
          <Moment name="from" label="From" />
          <Moment name="to" label="To" />
        </>
      }
    >
      <List
        operation="listAudit"
        input={{ query }}
        label="Audit, newest first"
        row={({ actor, action, target, application, address, createdTime, details }) => (
          <>
            <div className="row-main">
              <div className="row-line">
                <strong>{actor.name}</strong>
                <Badge kind={/deleted|banned/.test(action) ? 'bad' : ''}>{action}</Badge>
                {target && (
                  <span className="soft mono">
                    {target.type} {target.id}
                  </span>
                )}
              </div>
              <div className="row-text">
                {actor.type.replace('_', ' ')}
                {application && `, application ${application}`}
                {address && `, from ${address}`}
                {Object.keys(details).length > 0 && `, ${JSON.stringify(details)}`}
              </div>
            </div>
            <Time at={createdTime} />
          </>
        )}
        empty={
          isFiltered ? (
            <Empty title="Nothing found">Enter names and actions in full.</Empty>
          ) : (
            <Empty title="No entries yet">Every write by operators and admin keys is recorded here.</Empty>
          )
        }
      />
    </Section>
  )
}
