// What a server has besides where the test API is on, and loads then at once.
export { observing } from '#test-api/requests/observing.ts'
export { observe } from '#test-api/socket/observe.ts'
export { judgeWorlds, testApi } from '#test-api/test-api.ts'
