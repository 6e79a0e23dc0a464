/** The ids among what events and runs name, each once. */
export function distinctIds(ids: unknown[]): number[] {
  return [...new Set(ids.filter((id): id is number => typeof id === 'number'))]
}
