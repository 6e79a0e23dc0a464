// Entry point of `npm start`: runs the server with the settings of the environment.
import { runServer } from '#process.ts'

await runServer()
