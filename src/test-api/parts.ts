// The parts of a server that exist only if the test API is on; loaded together in that case.
export { observing } from '#test-api/requests/observing.ts'
export { observe } from '#test-api/socket/observe.ts'
export { registerWorlds, testApi } from '#test-api/test-api.ts'
