// The rules for frames of clients [STOMP 1.2 Frames and Headers].
import { protocolFault } from './error.ts'
import type { ClientFrame } from './frames.ts'
import type { AckMode } from './handler.ts'
import type { StompLimits } from './limits.ts'

const ackModes: readonly AckMode[] = ['auto', 'client', 'client-individual']

/** Checks a frame's command and headers. @throws ChatError ProtocolError if they are invalid */
export function checkFrame(frame: ClientFrame, { idCharactersMax }: StompLimits): void {
  const { command, headers } = frame
  for (const name of ['id', 'receipt']) {
    if ((headers.get(name)?.length ?? 0) > idCharactersMax) {
      throw protocolFault(`The ${name} of a ${command} is longer than ${idCharactersMax} characters`)
    }
  }
  switch (command) {
    case 'CONNECT':
    case 'STOMP':
      checkConnect(frame)
      return
    case 'BEGIN':
    case 'COMMIT':
    case 'ABORT':
      throw protocolFault('Transactions are not supported')
    case 'SUBSCRIBE':
      header(frame, 'id')
      header(frame, 'destination')
      ackModeOf(frame)
      return
    case 'SEND':
      header(frame, 'destination')
      break
    case 'UNSUBSCRIBE':
    case 'ACK':
    case 'NACK':
      header(frame, 'id')
      break
  }
  if (headers.get('transaction') !== undefined) throw protocolFault('Transactions are not supported')
}

function checkConnect({ headers }: ClientFrame): void {
  // Without accept-version it is a client of STOMP 1.0, which understands our frames [STOMP 1.2 Future Compatibility].
  const versions = headers.get('accept-version')?.split(',') ?? ['1.2']
  if (!versions.some((version) => version.trim() === '1.2')) {
    throw protocolFault('Of the versions of STOMP, only 1.2 is supported')
  }
  if (!/^ *\d{1,10} *, *\d{1,10} *$/.test(headers.get('heart-beat') ?? '0,0')) {
    throw protocolFault('heart-beat is not of the form <ms>,<ms>')
  }
}

/** Returns the ack mode of a SUBSCRIBE. @throws ChatError ProtocolError if it is unknown */
export function ackModeOf({ headers }: ClientFrame): AckMode {
  const given = headers.get('ack') ?? 'auto'
  const mode = ackModes.find((each) => each === given)
  if (mode) return mode
  throw protocolFault('The ack of a SUBSCRIBE is unknown')
}

/**
 * Returns a required header. A destination may be empty: official clients send that for what they were not given, such as
 * the channel of `sendKeystrokes`, and it is for the handler to refuse it.
 * @throws ChatError ProtocolError if it is missing, or empty and not the destination
 */
export function header({ command, headers }: ClientFrame, name: 'id' | 'destination'): string {
  const value = headers.get(name)
  if (value || (value === '' && name === 'destination')) return value
  throw protocolFault(`${command} without the header ${name}`)
}
