// Exports or erases the data of a person. Both run as jobs.
import type { User } from '../api/generated.ts'
import { useApplicationId, useGo } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { useAct } from '../ui/notices.tsx'

const fates = {
  keep: "Keep it, as nobody's",
  redact: 'Empty its texts, delete its files',
  delete: 'Delete all of it',
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
      title: `Export what there is of ${user.displayName}?`,
      text: 'A ZIP with their profile, channels, messages, reactions, reads, sessions, notifications, reports and files, to download from its job. Keep it as you keep secrets.',
      action: 'Export',
      run: async () => watch(await act('exportUser', { params }, 'The export has begun')),
    })
  const erase = () =>
    ask({
      title: `Erase ${user.displayName}?`,
      text: 'Gone will be the user with its sessions, reads, reactions, reports and notifications, and their names wherever others wrote them, in the audit too. Earlier exports are deleted. A certificate stays in the audit. This cannot be undone.',
      fields: [
        { name: 'messages', label: 'What they wrote', options: fates, value: 'redact' },
        { name: 'name', label: `Type “${user.name}” to go on` },
      ],
      action: 'Erase person',
      isDangerous: true,
      run: async ({ messages, name }) => {
        if (name !== user.name) throw new Error('That is not their name.')
        const body = { messages: messages as Fate }
        watch(await act('eraseUser', { params, body }, 'The erasure has begun'))
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
