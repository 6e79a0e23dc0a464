// The layout of a section: its header, a list, and the open item beside it.
import { type ReactNode, useEffect } from 'react'
import { useKeys } from './keys.ts'

interface SectionProps {
  title: string
  actions?: ReactNode
  filters?: ReactNode
  children: ReactNode
  detail?: ReactNode
  onClose?: () => void
}

export function Section({ title, actions, filters, children, detail, onClose }: SectionProps) {
  useEffect(() => {
    document.title = `${title} · Chatterie`
  }, [title])
  useKeys(detail && onClose ? [{ keys: 'Escape', label: 'Close the details', run: onClose }] : [])
  return (
    <div className={`section ${detail ? 'with-detail' : ''}`}>
      <div className="master">
        <header className="head">
          <h1>{title}</h1>
          {actions && <div className="actions">{actions}</div>}
        </header>
        {filters && <div className="filters">{filters}</div>}
        {children}
      </div>
      {detail && (
        <aside className="detail" aria-label={`Details: ${title}`}>
          <button type="button" className="close" onClick={onClose}>
            <span aria-hidden="true">×</span>
            <span className="visually-hidden">Close</span>
          </button>
          {detail}
        </aside>
      )}
    </div>
  )
}
