// What `npm start` runs: the server, by the settings of the environment.
import { runServer } from '#process.ts'

await runServer()
