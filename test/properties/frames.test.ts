// Properties of the STOMP codec.
import { FrameImpl, type IRawFrameType, Parser } from '@stomp/stompjs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChatError } from '#errors.ts'
import { type ClientFrame, FrameReader, frameHead } from '#stomp/frames.ts'
import { defaultLimits } from '#stomp/limits.ts'
import { shareBody } from '#stomp/shared-body.ts'

/** Any text that UTF-8 can represent, with characters that STOMP treats specially. */
const text = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    fc.constantFrom('\\', '\n', '\r', ':', 'c', 'n', '\\n', '\\c'),
  ),
  maxLength: 20,
})
/** NUL is the end of a frame everywhere except in a body with content-length. */
const headerText = text.map((each) => each.replaceAll('\0', ''))
const name = headerText.filter((each) => each !== '' && !['content-length', 'receipt'].includes(each))
const headers = fc
  .array(fc.tuple(name, headerText.filter(Boolean)), { maxLength: 8 })
  .map((entries) => Object.fromEntries(entries.filter(([key]) => key !== '__proto__')))

const sent = fc.record({ headers, body: text })

/** Splits the bytes at arbitrary positions. */
function cut(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((each) => each % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end))
}

function readAll(parts: Buffer[]): ClientFrame[] {
  const reader = new FrameReader(defaultLimits)
  const frames: ClientFrame[] = []
  for (const part of parts) {
    reader.push(part)
    for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame)
  }
  return frames
}

function serialise({ headers, body }: { headers: Record<string, string>; body: string }): Buffer {
  return Buffer.concat([Buffer.from(frameHead('SEND', headers)), shareBody(body).bytes])
}

/** If names only differ in case, the first one is used. */
function folded(headers: Record<string, string>): Map<string, string> {
  const values = new Map<string, string>()
  for (const [key, value] of Object.entries(headers)) {
    if (!values.has(key.toLowerCase())) values.set(key.toLowerCase(), value)
  }
  return values
}

describe('frames', () => {
  it('are parsed as they were written, however many there are and wherever they are chunked', () => {
    const gap = fc.constantFrom('', '\n', '\r\n', '\n\n\r\n')
    fc.assert(
      fc.property(fc.array(fc.tuple(sent, gap), { maxLength: 5 }), fc.array(fc.nat()), (all, cuts) => {
        const bytes = Buffer.concat(all.flatMap(([each, beats]) => [serialise(each), Buffer.from(beats)]))
        const frames = readAll(cut(bytes, cuts))
        expect(frames.map(({ body }) => body.toString())).toEqual(
          all.map(([{ body }]) => body.toWellFormed()),
        )
        for (const [at, frame] of frames.entries()) {
          const got = new Map(frame.headers)
          got.delete('content-length')
          const expected = folded(all[at]?.[0].headers ?? {})
          expect(got).toEqual(new Map([...expected].map(([key, value]) => [key, value.toWellFormed()])))
        }
      }),
    )
  })

  it('of the official client are parsed, as text and as bytes, also byte by byte', () => {
    const plain = headerText.map((each) =>
      each
        .replaceAll(/[\\:\r\n]/g, '')
        .trim()
        .toWellFormed(),
    )
    const official = fc.record({
      headers: fc.dictionary(
        plain.filter((each) => each !== '' && each !== '__proto__' && each === each.toLowerCase()),
        headerText.map((each) => each.toWellFormed()),
        { maxKeys: 5 },
      ),
      body: text.map((each) => each.toWellFormed()),
    })
    fc.assert(
      fc.property(official, fc.boolean(), ({ headers, body }, isBinary) => {
        const marshalled = FrameImpl.marshall({
          command: 'SEND',
          headers: { ...headers },
          ...(isBinary ? { binaryBody: new TextEncoder().encode(body) } : { body }),
          escapeHeaderValues: true,
          skipContentLengthHeader: false,
        })
        const bytes = typeof marshalled === 'string' ? Buffer.from(marshalled) : Buffer.from(marshalled)
        for (const parts of [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]) {
          const [frame, ...others] = readAll(parts)
          expect(others).toEqual([])
          expect(frame?.body.toString()).toBe(body)
          for (const [key, value] of Object.entries(headers)) {
            if (key !== 'content-length') expect(frame?.headers.get(key)).toBe(value)
          }
        }
      }),
    )
  })

  it('of the server are parsed by the official client', () => {
    // The client trims values, and reads an escaped backslash before r, n or c as another escape.
    const fair = headerText.map((each) => each.replaceAll('\\', '').trim().toWellFormed()).filter(Boolean)
    const plainName = fc.stringMatching(/^[a-z-]{1,12}$/).filter((each) => each !== 'content-length')
    fc.assert(
      fc.property(fc.dictionary(plainName, fair), text, fc.array(fc.nat()), (headers, body, cuts) => {
        const bytes = Buffer.concat([Buffer.from(frameHead('MESSAGE', headers)), shareBody(body).bytes])
        const frames: IRawFrameType[] = []
        const parser = new Parser(
          (frame) => frames.push(frame),
          () => {},
        )
        for (const part of cut(bytes, cuts)) parser.parseChunk(new Uint8Array(part).buffer)
        expect(frames).toHaveLength(1)
        const frame = FrameImpl.fromRawFrame(frames[0] as IRawFrameType, true)
        expect(frame.body).toBe(body.toWellFormed())
        expect(frame.headers).toMatchObject(headers)
      }),
    )
  })

  it('that are invalid are refused with a message, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(
          fc.constantFrom('SEND', 'CONNECT', '\n', '\r', '\0', ':', 'a:b', '\\', 'content-length:', '3', 'é'),
          { maxLength: 30 },
        )
        .map((parts) => new TextEncoder().encode(parts.join(''))),
    )
    fc.assert(
      fc.property(bytes, fc.array(fc.nat()), (each, cuts) => {
        const outcome = (parts: Buffer[]) => {
          try {
            return readAll(parts).map(({ command, headers, body }) => [
              command,
              [...headers],
              body.toString(),
            ])
          } catch (error) {
            expect(error).toBeInstanceOf(ChatError)
            return (error as ChatError).message
          }
        }
        // The result is the same wherever the bytes are split.
        expect(outcome(cut(Buffer.from(each), cuts))).toEqual(outcome([Buffer.from(each)]))
      }),
    )
  })
})
