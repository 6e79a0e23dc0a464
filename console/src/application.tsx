// Which application is looked at: the address says it.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { call } from './api/client.ts'
import type { Application } from './api/generated.ts'

/** Of the address; NaN where it names none. */
export function useApplicationId(): number {
  return Number((useParams({ strict: false }) as { application?: string }).application)
}

/** All that are theirs to see, 100 at most: what is beyond is reached through the list of applications. */
export function useApplications(): Application[] | undefined {
  return useQuery(applicationsQuery).data?.items
}

export const applicationsQuery = queryOptions({
  queryKey: ['listApplications', 'switcher'],
  queryFn: () => call('listApplications', { query: { limit: 100 } }),
})

export const applicationQuery = (id: number) =>
  queryOptions({
    queryKey: ['retrieveApplication', id],
    queryFn: () => call('retrieveApplication', { params: { id } }),
  })

const lastKey = 'chatterie-application'

/** Which one was looked at last; NaN for none. */
export const readLastApplication = () => Number(localStorage.getItem(lastKey) ?? Number.NaN)
export const keepLastApplication = (id: number) => localStorage.setItem(lastKey, String(id))

/** Goes to a section of the application. */
export function useGo() {
  const navigate = useNavigate()
  return (path: string, search: Record<string, string> = {}) =>
    navigate({ to: path, search: search as never })
}
