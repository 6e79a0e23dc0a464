// A simple client that reads nothing before it has sent everything. It has its own thread, so that the server can
// respond while it sends.
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const { port, head, size } = workerData as { port: number; head: string; size: number }
const socket = connect(port, '127.0.0.1')
socket.on('error', ({ message }) => parentPort?.postMessage(message))
socket.write(head)
socket.write(Buffer.alloc(size, 'a'), () => {
  socket.once('data', (answer) => {
    parentPort?.postMessage(answer.toString().split('\r\n')[0])
    socket.destroy()
  })
})
