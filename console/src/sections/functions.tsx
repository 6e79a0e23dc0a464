// The section with the functions of an application: a list, and a workbench for the open one.
import type { CreateFunction } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useUnsaved } from '../functions/drafts.ts'
import { Workbench } from '../functions/workbench.tsx'
import { useAsk } from '../ui/ask.tsx'
import { useFilters, useOpen } from '../ui/filters.tsx'
import { useKeys } from '../ui/keys.ts'
import { List } from '../ui/list.tsx'
import { useAct } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'
import { Badge, Empty } from '../ui/small.tsx'

const types = [
  'user.attempted.start_session',
  'user.started.chat_session',
  'user.sent.message',
  'user.received.notification',
  'user.read.message',
  'user.received.channel_invite',
  'user.triggered.event',
  'system.triggered.event',
  'user.reacted_to.message',
] as const satisfies CreateFunction['type'][]

export function Functions() {
  const { open } = useOpen()
  const { change } = useFilters()
  const close = () => change({ open: undefined, tab: undefined, version: undefined, with: undefined })
  return open ? <Workbench key={open} functionId={open} onClose={close} /> : <FunctionList />
}

function FunctionList() {
  const id = useApplicationId()
  const { show } = useOpen()
  const ask = useAsk()
  const act = useAct()
  const create = () =>
    ask({
      title: 'New function',
      text: 'It runs once you have deployed a script to it.',
      fields: [
        { name: 'name', label: 'Name' },
        { name: 'type', label: 'Event', options: types, value: 'user.sent.message' },
      ],
      action: 'Create',
      run: async ({ name = '', type }) => {
        const body = { name, type: type as CreateFunction['type'] }
        show((await act('createFunction', { params: { id }, body }, 'The function is created')).id)
      },
    })
  useKeys([{ keys: 'n', label: 'New function', run: create }])
  return (
    <Section
      title="Functions"
      actions={
        <button type="button" className="button primary" onClick={create}>
          New function <kbd>n</kbd>
        </button>
      }
    >
      <List
        operation="listFunctions"
        input={{ params: { id } }}
        label="Functions"
        onOpen={({ id }) => show(id)}
        row={({ id, name, type, enabled, currentVersionNumber }) => (
          <>
            <div className="row-main">
              <div className="row-line">
                <strong>{name}</strong>
                {!enabled && <Badge>off</Badge>}
                <NotSaved functionId={id} />
              </div>
              <div className="row-text">
                <span className="mono">{type}</span>
              </div>
            </div>
            <span className="soft">
              {currentVersionNumber > 0 ? `version ${currentVersionNumber}` : 'not deployed'}
            </span>
          </>
        )}
        empty={
          <Empty title="No functions yet">
            A function is your code that runs when something happens: it decides who may connect, answers a
            message, notifies a phone. Create one here, or with `chatterie functions deploy`.
          </Empty>
        }
      />
    </Section>
  )
}

function NotSaved({ functionId }: { functionId: number }) {
  return useUnsaved(functionId) !== undefined && <Badge kind="warn">Not saved</Badge>
}
