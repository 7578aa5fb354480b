import { useEffect, useSyncExternalStore } from 'react'
import { api, Problem, problemOf, take } from '~/api'
import { sizeOf } from '~/files/size'
import { Tray } from '~/files/tray'
import { sendBytes, type Stand, type Way } from '~/files/upload'
import { useMe } from '../session'
import { words } from './words'

/** How the console sends files: by its session. */
const way: Way = {
  begin: (room, body, signal) => take(api.POST('/api/v1/rooms/{room}/files', { params: { path: { room } }, body, signal })),
  stand: (file, signal) => take(api.GET('/api/v1/files/{file}', { params: { path: { file } }, ...(signal ? { signal } : {}) })),
  complete: (file, signal): Promise<Stand> => take(api.POST('/api/v1/files/{file}/complete', { params: { path: { file } }, signal })),
  drop: async (file) => { await take(api.DELETE('/api/v1/files/{file}', { params: { path: { file } } })) },
  part: async (file, n, bytes, signal, told) => {
    const { status, text } = await sendBytes('PUT', `/api/v1/files/${encodeURIComponent(file)}/parts/${String(n)}`, bytes, { 'Content-Type': 'application/octet-stream' }, signal, told)
    if (status === 0) throw Problem.unreachable()
    if (status >= 300) throw problemOf(status, json(text))
  },
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const trays = new Map<string, Tray>()
const limit = { bytes: 0 } // of one file; an administrator may change it while this page stands

/** What stands by for a room's next message. It goes on while one looks elsewhere in the console. */
function trayOf(room: string): Tray {
  let tray = trays.get(room)
  if (!tray) {
    tray = new Tray({ room, way, most: () => limit.bytes, words: { tooLarge: (bytes) => words.files.tooLarge(sizeOf(bytes)), empty: words.files.empty, unreadable: words.files.unreadable } })
    trays.set(room, tray)
  }
  return tray
}

/** The server has looked at a file. */
export function heardFile(file: string, room: string): void {
  trays.get(room)?.heard(file)
}

/** The tray of a room; undefined where this person, or this server, sends no files. */
export function useTray(room: string): Tray | undefined {
  const most = useMe().max_file_bytes
  const tray = most > 0 ? trayOf(room) : undefined
  useEffect(() => { limit.bytes = most }, [most])
  useSyncExternalStore(tray?.subscribe ?? nothing, () => tray?.items)
  useStay()
  return tray
}

const nothing = () => () => undefined

/** The browser asks before it leaves a page that is still sending. */
function useStay(): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => { if ([...trays.values()].some((tray) => tray.busy)) event.preventDefault() }
    window.addEventListener('beforeunload', ask)
    return () => { window.removeEventListener('beforeunload', ask) }
  }, [])
}
