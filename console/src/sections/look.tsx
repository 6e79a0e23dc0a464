// The section for the look of the chat and the features of users, with a live preview.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { call, base as root } from '../api/client.ts'
import type { Ui } from '../api/generated.ts'
import { useApplicationId } from '../application.tsx'
import { useMay } from '../session.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { useKeys } from '../ui/keys.ts'
import { useAttempt, useTell } from '../ui/notices.tsx'
import { Section } from '../ui/pane.tsx'

const features: [path: string, title: string][] = [
  ['channel.create', 'Create channels'],
  ['message.reactions', 'React to messages'],
  ['message.threads', 'Reply to messages'],
  ['message.typing', 'See who is typing'],
  ['message.read-receipts', 'See who has read a message'],
  ['message.links.preview', 'See previews of links'],
  ['message.attachments.image', 'Send pictures'],
  ['message.attachments.video', 'Send videos'],
  ['message.attachments.audio', 'Send sounds'],
  ['message.attachments.file', 'Send other files'],
  ['user.presence', 'See who is online'],
]
/** Keys of `overrides`; docs/chat-ui.md lists them all. */
const colours: [path: string, title: string][] = [
  ['message.outbound.background-color', 'Own messages'],
  ['message.inbound.background-color', 'Messages of others'],
  ['header.background-color', 'Header'],
  ['side-menu.background-color', 'List of channels'],
  ['content.background-color', 'Behind messages'],
]

export function Look() {
  const id = useApplicationId()
  const { data, error } = useQuery({
    queryKey: ['retrieveUi', id],
    queryFn: () => call('retrieveUi', { params: { id } }),
  })
  if (isLost(error, data)) return <Failed error={error} />
  if (!data) return <div aria-busy="true" />
  return <LookForm key={id} saved={data} />
}

function LookForm({ saved }: { saved: Ui }) {
  const id = useApplicationId()
  const may = useMay()
  const tell = useTell()
  const client = useQueryClient()
  /** What the changes here began with, which is not what others have saved since. */
  const [base, setBase] = useState(saved)
  const [look, setLook] = useState(saved)
  const [overrides, setOverrides] = useState(textOf(saved.styles.overrides))
  const [elements, setElements] = useState(textOf(saved.elements))
  const isFixed = !may('setUiStyles')
  const isWrong = [overrides, elements].some((text) => parsed(text) === undefined)
  const isChanged = JSON.stringify(look) !== JSON.stringify(base)
  const isDirty = isChanged || isWrong
  const attempt = useAttempt()
  const begin = (from: Ui) => {
    setBase(from)
    setLook(from)
    setOverrides(textOf(from.styles.overrides))
    setElements(textOf(from.elements))
  }
  /** Goes on from what has been saved, and keeps the parts that have been changed meanwhile. */
  const goOn = (from: Ui) => {
    setBase(from)
    setLook((now) => ({
      features: now.features === look.features ? from.features : now.features,
      styles: now.styles === look.styles ? from.styles : now.styles,
      elements: now.elements === look.elements ? from.elements : now.elements,
    }))
    setOverrides((now) => (now === overrides ? textOf(from.styles.overrides) : now))
    setElements((now) => (now === elements ? textOf(from.elements) : now))
  }
  if (saved !== base && !isDirty) begin(saved)
  useBlocker({
    disabled: !isDirty,
    shouldBlockFn: ({ current, next }) =>
      current.pathname !== next.pathname && !confirm('Leave without saving the look?'),
    enableBeforeUnload: isDirty,
  })

  const changeStyles = (styles: Partial<Ui['styles']>) =>
    setLook((before) => ({ ...before, styles: { ...before.styles, ...styles } }))
  const paint = (path: string, value: string) => {
    const next = withValue(look.styles.overrides ?? {}, path.split('.'), value)
    setOverrides(textOf(next))
    changeStyles({ overrides: next })
  }
  const save = async () => {
    if (!isChanged || isFixed || isWrong) return
    const isOther = (part: keyof Ui) => JSON.stringify(look[part]) !== JSON.stringify(base[part])
    const params = { id }
    let answer = saved
    if (isOther('features'))
      answer = await call('setUiFeatures', { params, body: { settings: look.features } })
    if (isOther('styles')) answer = await call('setUiStyles', { params, body: { settings: look.styles } })
    if (isOther('elements'))
      answer = await call('setUiElements', { params, body: { settings: look.elements } })
    client.setQueryData(['retrieveUi', id], answer)
    goOn(answer)
    tell('Saved: open chats have changed')
  }
  useKeys(isFixed ? [] : [{ keys: 's', label: 'Save the look', run: () => void attempt(save) }])

  return (
    <Section
      title="Look"
      actions={
        !isFixed && (
          <>
            <button type="button" className="button" disabled={!isDirty} onClick={() => begin(saved)}>
              Discard changes
            </button>
            <button
              type="button"
              className="button primary"
              disabled={!isChanged || isWrong}
              onClick={() => void attempt(save)}
            >
              Save <kbd>s</kbd>
            </button>
          </>
        )
      }
    >
      <div className="look">
        <fieldset className="look-form" disabled={isFixed}>
          <legend className="visually-hidden">How the chat looks</legend>
          <label>
            Theme
            <select
              value={look.styles['base-theme'] ?? 'light'}
              onChange={({ target }) => changeStyles({ 'base-theme': target.value as 'light' | 'dark' })}
            >
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </select>
          </label>
          <h2>Colours</h2>
          {colours.map(([path, title]) => (
            <Colour
              key={path}
              title={title}
              value={valueAt(look.styles.overrides, path.split('.'))}
              onChange={(value) => paint(path, value)}
            />
          ))}
          <h2>What users can do</h2>
          {features.map(([path, title]) => (
            <label key={path} className="switch">
              <input
                type="checkbox"
                checked={valueAt(look.features, path.split('.')) !== 'disabled'}
                onChange={({ target }) =>
                  setLook((before) => ({
                    ...before,
                    features: withValue(
                      before.features,
                      path.split('.'),
                      target.checked ? 'enabled' : 'disabled',
                    ),
                  }))
                }
              />
              <span>{title}</span>
            </label>
          ))}
          <h2>For designers</h2>
          <label>
            Stylesheet
            <textarea
              className="mono"
              rows={6}
              spellCheck={false}
              value={look.styles.stylesheet ?? ''}
              onChange={({ target }) => changeStyles({ stylesheet: target.value })}
            />
          </label>
          <label>
            Overrides, as JSON
            <textarea
              className="mono"
              rows={6}
              spellCheck={false}
              value={overrides}
              onChange={({ target }) => {
                setOverrides(target.value)
                const value = parsed(target.value)
                if (value) changeStyles({ overrides: value as Ui['styles']['overrides'] & object })
              }}
            />
          </label>
          <label>
            Templates, as JSON
            <textarea
              className="mono"
              rows={6}
              spellCheck={false}
              value={elements}
              onChange={({ target }) => {
                setElements(target.value)
                const value = parsed(target.value)
                if (value) setLook((before) => ({ ...before, elements: value }))
              }}
            />
          </label>
          <p role="alert" className="problem">
            {isWrong && 'This is not a valid JSON object yet.'}
          </p>
        </fieldset>
        <Preview look={look} />
      </div>
    </Section>
  )
}

/** An input for a colour; empty for the colour of the theme. */
function Colour({
  title,
  value,
  onChange,
}: {
  title: string
  value: unknown
  onChange: (value: string) => void
}) {
  const text = typeof value === 'string' ? value : ''
  return (
    <div className="colour">
      <label>
        <input
          type="color"
          value={/^#[\da-f]{6}$/i.test(text) ? text : '#888888'}
          onChange={({ target }) => onChange(target.value)}
        />{' '}
        {title}
      </label>
      {text ? (
        <button type="button" className="button small" onClick={() => onChange('')}>
          Reset<span className="visually-hidden">: {title}</span>
        </button>
      ) : (
        <span className="soft">from the theme</span>
      )}
    </div>
  )
}

function Preview({ look }: { look: Ui }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const latest = useRef(look)
  latest.current = look
  const tell = () =>
    frame.current?.contentWindow?.postMessage(
      { type: 'chatterie:look', look: latest.current },
      location.origin,
    )
  useEffect(() => {
    const onMessage = ({ source, data }: MessageEvent) => {
      if (source === frame.current?.contentWindow && data?.type === 'chatterie:look-wanted') tell()
    }
    addEventListener('message', onMessage)
    return () => removeEventListener('message', onMessage)
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the preview is updated on each change
  useEffect(() => void tell(), [look])
  return <iframe ref={frame} className="preview" title="Preview of the chat" src={`${root}/chat/preview`} />
}

/** Returns the object that a text describes in JSON, undefined if it describes none. */
function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = text.trim() ? JSON.parse(text) : {}
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

const textOf = (value: unknown) =>
  value && Object.keys(value).length > 0 ? JSON.stringify(value, null, 2) : ''

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], value)
}

/** Returns a copy with the value at a path set, or removed if the value is empty. */
function withValue<T extends object>(value: T, [key = '', ...rest]: string[], leaf: string): T {
  const { [key]: inner, ...others } = value as Record<string, unknown>
  if (rest.length > 0) return { ...value, [key]: withValue((inner ?? {}) as object, rest, leaf) }
  return (leaf ? { ...value, [key]: leaf } : others) as T
}
