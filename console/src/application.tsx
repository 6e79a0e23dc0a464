// The current application, which is determined by the address.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { call } from './api/client.ts'
import type { Application } from './api/generated.ts'

/** Returns the id in the address; NaN if there is none. */
export function useApplicationId(): number {
  return Number((useParams({ strict: false }) as { application?: string }).application)
}

/** Returns the applications that the operator may see, at most 100; the list of applications shows all. */
export function useApplications(): Application[] | undefined {
  return useQuery(applicationsQuery).data?.items
}

/** Returns the applications to choose from, including the one in the address, even if it is not among the first. */
export function useChoices(id: number | undefined): Pick<Application, 'id' | 'name'>[] {
  const listed = useApplications()
  const isListed = listed === undefined || listed.some((each) => each.id === id)
  const { data: other } = useQuery({ ...applicationQuery(id ?? 0), enabled: Boolean(id) && !isListed })
  if (isListed || !id) return listed ?? []
  return [{ id, name: other?.name ?? `Application ${id}` }, ...listed]
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

/** Returns the id of the last viewed application; NaN if there is none. */
export const readLastApplication = () => Number(localStorage.getItem(lastKey) ?? Number.NaN)
export const keepLastApplication = (id: number) => localStorage.setItem(lastKey, String(id))

/** Returns a function that navigates to a section of the application. */
export function useGo() {
  const navigate = useNavigate()
  return (path: string, search: Record<string, string> = {}) =>
    navigate({ to: path, search: search as never })
}
