import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { crc32, deflateSync } from 'node:zlib'
import type { Guide } from './house.ts'
import type { Wire } from './wire.ts'

/** A picture of one colour. */
export function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Buffer {
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data])
    const head = Buffer.alloc(4)
    head.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body) >>> 0)
    return Buffer.concat([head, body, sum])
  }
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width, 0)
  size.writeUInt32BE(height, 4)
  size.set([8, 2, 0, 0, 0], 8)
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([r, g, b]))])
  const pixels = Buffer.concat(Array.from({ length: height }, () => line))
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', size), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))])
}

/** A quiet second of sound. */
export function wav(): Buffer {
  const rate = 8000
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + rate, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(rate, 40)
  return Buffer.concat([head, Buffer.alloc(rate, 128)])
}

function bytes(guide: Guide, wire: Wire, method: string, path: string, body?: Buffer): Promise<{ status: number; body: Buffer }> {
  const url = new URL(path, guide.workspace)
  return new Promise((done, failed) => {
    const sent = request({
      host: '127.0.0.1', port: url.port, servername: url.hostname, path: url.pathname, method, ca: readFileSync(guide.authority),
      headers: { host: url.host, origin: url.origin, cookie: wire.cookie, ...(body ? { 'content-type': 'application/octet-stream', 'content-length': String(body.length) } : {}) },
    }, (got) => {
      const all: Buffer[] = []
      got.on('data', (b: Buffer) => all.push(b)).once('end', () => { done({ status: got.statusCode ?? 0, body: Buffer.concat(all) }) })
    })
    sent.once('error', failed)
    sent.end(body)
  })
}

/** What a staff member gets who downloads a file. */
export async function downloaded(guide: Guide, wire: Wire, file: string): Promise<Buffer> {
  const got = await bytes(guide, wire, 'GET', `/api/v1/files/${file}/content`)
  if (got.status !== 200) throw new Error(`download: ${String(got.status)} ${got.body.toString()}`)
  return got.body
}

/** A staff member's file for a room, ready to be sent. At most one part long. */
export async function uploaded(guide: Guide, wire: Wire, room: string, name: string, type: string, content: Buffer): Promise<string> {
  const begun = await wire.do('POST', `/api/v1/rooms/${room}/files`, { id: crypto.randomUUID(), name, type, size: content.length })
  const id = String(begun.json.id)
  const put = await bytes(guide, wire, 'PUT', `/api/v1/files/${id}/parts/1`, content)
  if (put.status !== 204) throw new Error(`part: ${String(put.status)} ${put.body.toString()}`)
  const whole = await wire.do('POST', `/api/v1/files/${id}/complete`)
  if (whole.json.state !== 'ready') throw new Error(`complete: ${whole.text}`)
  return id
}
