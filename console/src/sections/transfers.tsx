// Imports, by dropping or choosing a file, and exports. Both run as jobs.
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { type UploadOperation, upload } from '../api/client.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { useAsk } from '../ui/ask.tsx'
import { useKeys } from '../ui/keys.ts'
import { useAct, useRefresh, useTell } from '../ui/notices.tsx'

const kinds = {
  users: 'importUsers',
  channels: 'importChannels',
  messages: 'importMessages',
  'members of a channel': 'importChannelMembers',
} as const satisfies Record<string, UploadOperation>
type Kind = keyof typeof kinds

/** Guesses from the name of a file what it contains. */
function guess(name: string): Kind {
  if (/member/i.test(name)) return 'members of a channel'
  if (/message/i.test(name)) return 'messages'
  return /channel/i.test(name) ? 'channels' : 'users'
}

interface Transfers {
  actions: ReactNode
  /** Props for the element onto which a file may be dropped. */
  dropping: { isOver: boolean; onDragOver: Drag; onDragLeave: Drag; onDrop: Drag }
}
type Drag = (event: DragEvent) => void

export function useTransfers(onStarted: (jobId: number) => void): Transfers {
  const id = useApplicationId()
  const may = useMay()
  const ask = useAsk()
  const act = useAct()
  const tell = useTell()
  const refresh = useRefresh()
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const [sent, setSent] = useState<number>()
  const mayImport = may('importUsers')
  const mayExport = may('exportUsers')

  const send = async (file: File, kind: Kind, channelId: number) => {
    setSent(0)
    try {
      const job = await upload(kinds[kind], { params: { id, channelId }, file }, setSent)
      tell(`${file.name} is being imported`)
      refresh()
      onStarted(job.id)
    } finally {
      setSent(undefined)
    }
  }
  const begin = (file: File | undefined) => {
    if (!file) return
    ask({
      title: `Import ${file.name}?`,
      text: 'A JSON array, as the Platform API imports it. What is there already stays as it is; what cannot be stored is listed in the job.',
      fields: [
        { name: 'kind', label: 'Contents', options: Object.keys(kinds), value: guess(file.name) },
        { name: 'channel', label: 'Id of the channel (for members only)', type: 'number', isOptional: true },
      ],
      action: 'Import',
      run: ({ kind = 'users', channel }) => {
        if (kind === 'members of a channel' && !channel) throw new Error('Enter the id of the channel.')
        return send(file, kind as Kind, Number(channel))
      },
    })
  }
  const startExport = () =>
    ask({
      title: 'Export',
      text: 'Creates a CSV file with a row for each item, for spreadsheets and data warehouses. Download it from its job.',
      fields: [{ name: 'what', label: 'Items', options: ['messages', 'users'], value: 'messages' }],
      action: 'Export',
      run: async ({ what }) => {
        const operation = what === 'users' ? 'exportUsers' : 'exportMessages'
        onStarted((await act(operation, { params: { id } }, 'The export has started')).id)
      },
    })
  const choose = () => input.current?.click()
  useKeys([
    ...(mayImport ? [{ keys: 'i', label: 'Import a file', run: choose }] : []),
    ...(mayExport ? [{ keys: 'x', label: 'Export', run: startExport }] : []),
  ])
  return {
    actions: (
      <>
        {sent !== undefined && <progress aria-label="Upload" value={sent} />}
        {mayImport && (
          <>
            <input
              ref={input}
              type="file"
              hidden
              accept=".json,application/json"
              onChange={({ target }) => {
                begin(target.files?.[0])
                target.value = ''
              }}
            />
            <button type="button" className="button" onClick={choose}>
              Import <kbd>i</kbd>
            </button>
          </>
        )}
        {mayExport && (
          <button type="button" className="button" onClick={startExport}>
            Export <kbd>x</kbd>
          </button>
        )}
      </>
    ),
    dropping: {
      isOver,
      onDragOver(event) {
        if (!mayImport || !event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      },
      onDragLeave: () => setOver(false),
      onDrop(event) {
        if (!mayImport) return
        event.preventDefault()
        setOver(false)
        begin(event.dataTransfer.files[0])
      },
    },
  }
}
