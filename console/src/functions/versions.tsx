// The deployed versions of a function, and their differences from the current text or from each other.
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { call } from '../api/client.ts'
import { useApplicationId } from '../application.tsx'
import { Failed, isLost } from '../ui/failed.tsx'
import { useFilters } from '../ui/filters.tsx'
import type { Side } from './editor.tsx'

const Comparison = lazy(async () => ({ default: (await import('./editor.tsx')).Comparison }))
const shownMax = 50

interface VersionsProps {
  functionId: number
  /** The current text in the editor. */
  text: string
  /** Called with an earlier script to replace the current text. */
  onTake: (script: string) => void
}

export function Versions({ functionId, text, onTake }: VersionsProps) {
  const id = useApplicationId()
  const { search, change } = useFilters()
  const { data, error } = useQuery({
    queryKey: ['listFunctionVersions', id, functionId],
    queryFn: () => call('listFunctionVersions', { params: { id, functionId }, query: { limit: shownMax } }),
  })
  const versions = data?.items
  const before =
    versions?.find(({ versionNumber }) => String(versionNumber) === search.version) ?? versions?.[0]
  const after = versions?.find(({ versionNumber }) => String(versionNumber) === search.with)
  const sides = useMemo((): { before: Side; after: Side } | undefined => {
    if (!before) return undefined
    return {
      before: { label: `Version ${before.versionNumber}`, text: before.handlerScript },
      after: after
        ? { label: `Version ${after.versionNumber}`, text: after.handlerScript }
        : { label: 'Script in the editor', text },
    }
  }, [before, after, text])
  if (isLost(error, data)) return <Failed error={error} />
  if (!versions) return <div aria-busy="true" />
  if (!before || !sides)
    return <p className="soft">No version is deployed yet. Deployed versions appear here.</p>
  const options = versions.map(({ versionNumber }) => (
    <option key={versionNumber} value={versionNumber}>
      Version {versionNumber}
    </option>
  ))
  return (
    <>
      <div className="compared">
        <select
          aria-label="Before"
          value={before.versionNumber}
          onChange={({ target }) => change({ version: target.value })}
        >
          {options}
        </select>
        <span aria-hidden="true">→</span>
        <select
          aria-label="After"
          value={after?.versionNumber ?? ''}
          onChange={({ target }) => change({ with: target.value })}
        >
          <option value="">Script in the editor</option>
          {options}
        </select>
      </div>
      {data.next && <p className="soft">Only the newest {shownMax} versions are listed.</p>}
      <Suspense fallback={<div className="code" aria-busy="true" />}>
        <Comparison {...sides} />
      </Suspense>
      {sides.before.text === sides.after.text && <p className="soft">The versions are identical.</p>}
      <div className="detail-actions">
        <button type="button" className="button" onClick={() => onTake(before.handlerScript)}>
          Take version {before.versionNumber} into the editor
        </button>
      </div>
    </>
  )
}
