// Dialogs, one at a time, opened by a hook.
import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react'
import { useTellError } from './notices.tsx'

export interface Field {
  name: string
  label: string
  type?: 'text' | 'password' | 'datetime-local' | 'number' | 'textarea'
  /** The choices, optionally with labels that differ from their values. */
  options?: readonly string[] | Readonly<Record<string, string>>
  value?: string
  hint?: string
  isOptional?: boolean
}

export interface Question {
  title: string
  /** The consequences of the action. */
  text?: ReactNode
  fields?: Field[]
  /** The label of the button that confirms. */
  action?: string
  isDangerous?: boolean
  /** Performs the action. If it throws, the dialog stays open and shows the error. */
  run?: (values: Record<string, string>) => Promise<unknown>
}

type Ask = (question: Question) => void
const Asking = createContext<Ask>(() => {})

/** Returns a function that opens a dialog. Escape, its buttons or the completion of `run` close it. */
export const useAsk = (): Ask => use(Asking)

export function Asked({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question>()
  /** Another question may have been asked meanwhile. */
  const close = useCallback(
    (closed: Question) => setQuestion((shown) => (shown === closed ? undefined : shown)),
    [],
  )
  return (
    <Asking value={setQuestion}>
      {children}
      {question && <Dialog key={question.title} question={question} onClose={() => close(question)} />}
    </Asking>
  )
}

function Dialog({ question, onClose }: { question: Question; onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const tellError = useTellError()
  useEffect(() => {
    element.current?.showModal()
  }, [])
  /** Releases the focus at once, not on the next frame, because the next key is meant for the page below. */
  const leave = () => {
    element.current?.close()
    if (document.activeElement instanceof HTMLElement && element.current?.contains(document.activeElement))
      document.activeElement.blur()
    onClose()
  }
  const submit = async (form: FormData) => {
    setBusy(true)
    try {
      const values = Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]))
      await question.run?.(values)
      leave()
    } catch (error) {
      if (!element.current?.open) return tellError(error)
      setProblem((error as Error).message)
      setBusy(false)
    }
  }
  const { title, text, fields = [], action = 'Close', isDangerous, run } = question
  return (
    <dialog
      ref={element}
      onClose={onClose}
      onCancel={(event) => {
        event.preventDefault()
        leave()
      }}
      aria-labelledby="dialog-title"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit(new FormData(event.currentTarget))
        }}
      >
        <h2 id="dialog-title">{title}</h2>
        {text && <div className="dialog-text">{text}</div>}
        {fields.map((field) => (
          <Entry key={field.name} field={field} />
        ))}
        <p role="alert" className="problem">
          {problem}
        </p>
        <div className="dialog-actions">
          {run && (
            <button type="button" className="button" onClick={leave}>
              Cancel
            </button>
          )}
          <button type="submit" className={`button ${isDangerous ? 'danger' : 'primary'}`} disabled={isBusy}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  )
}

function Entry({ field }: { field: Field }) {
  const { name, label, type = 'text', options, value, hint, isOptional = false } = field
  const id = `field-${name}`
  const shared = { id, name, defaultValue: value, required: !isOptional }
  return (
    <label htmlFor={id}>
      <span>
        {label} {isOptional && <span className="soft">(optional)</span>}
      </span>
      {options ? (
        <select {...shared}>
          {(Array.isArray(options) ? options.map((each) => [each, each]) : Object.entries(options)).map(
            ([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ),
          )}
        </select>
      ) : type === 'textarea' ? (
        <textarea {...shared} rows={3} />
      ) : (
        <input {...shared} type={type} autoComplete={type === 'password' ? 'new-password' : 'off'} />
      )}
      {hint && <span className="hint">{hint}</span>}
    </label>
  )
}

/** Shows a secret once. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [isCopied, setCopied] = useState(false)
  return (
    <div className="secret">
      <span className="soft">{label}</span>
      <code>{value}</code>
      <button
        type="button"
        className="button small"
        onClick={() => navigator.clipboard?.writeText(value).then(() => setCopied(true))}
      >
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
