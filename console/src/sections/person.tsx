// Exports or erases the data of a person. Both run as jobs.
import type { User } from '../api/generated.ts'
import { useApplicationId, useGo } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { useAct } from '../ui/notices.tsx'

const fates = {
  keep: 'Keep them, without an author',
  redact: 'Empty their texts, delete their files',
  delete: 'Delete all of them',
}
type Fate = keyof typeof fates

export function PersonsData({ user }: { user: User }) {
  const id = useApplicationId()
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const go = useGo()
  const params = { id, userId: user.id }
  const watch = (job: { id: number }) => go(`/a/${id}/jobs`, { open: String(job.id) })
  const exportThem = () =>
    ask({
      title: `Export the data of ${user.displayName}?`,
      text: 'A ZIP with their profile, channels, messages, reactions, reads, sessions, notifications, reports and files, to download from its job. Treat it as a secret.',
      action: 'Export',
      run: async () => watch(await act('exportUser', { params }, 'The export has started')),
    })
  const erase = () =>
    ask({
      title: `Erase ${user.displayName}?`,
      text: 'This deletes the user with their sessions, reads, reactions, reports and notifications, and removes their names wherever others wrote them, including the audit log. Earlier exports are deleted. A certificate stays in the audit log. This cannot be undone.',
      fields: [
        { name: 'messages', label: 'Their messages', options: fates, value: 'redact' },
        { name: 'name', label: `Type “${user.name}” to confirm` },
      ],
      action: 'Erase person',
      isDangerous: true,
      run: async ({ messages, name }) => {
        if (name !== user.name) throw new Error('This is not the name of the user.')
        const body = { messages: messages as Fate }
        watch(await act('eraseUser', { params, body }, 'The erasure has started'))
      },
    })
  if (!may('exportUser')) return null
  return (
    <section>
      <h3>Their data</h3>
      <div className="detail-actions">
        <button type="button" className="button" onClick={exportThem}>
          Export data
        </button>
        {may('eraseUser') && (
          <button type="button" className="button danger" onClick={erase}>
            Erase person
          </button>
        )}
      </div>
    </section>
  )
}
