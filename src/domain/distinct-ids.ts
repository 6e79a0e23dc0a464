/** Returns the distinct numeric ids among values from events and runs. */
export function distinctIds(ids: unknown[]): number[] {
  return [...new Set(ids.filter((id): id is number => typeof id === 'number'))]
}
