import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { api, type Person, signedIn, take } from '~/api'
import { Line, type RoomView } from '~/live/line'
import { socket } from '~/live/socket'
import type { WireState } from '~/live/wire'
import { heardFile } from './inbox/trays'
import { leave, useMe } from './session'

const LineContext = createContext<Line | null>(null)
const listPause = 250

/** Holds the one line to the server while somebody is signed in. */
export function LineProvider({ children }: { children: ReactNode }) {
  const me = useMe()
  const client = useQueryClient()
  const [line] = useState(() => {
    let due: number | undefined
    const changed = new Set<string>()
    const refresh = () => {
      due = undefined
      void client.invalidateQueries({ queryKey: ['enquiries'] })
      for (const id of changed) void client.invalidateQueries({ queryKey: ['enquiry', id] })
      changed.clear()
    }
    return new Line({
      wire: socket(signedIn),
      me: { id: me.id, name: me.name },
      storage: sessionStorage,
      listsChanged: (enquiry) => {
        if (enquiry) changed.add(enquiry)
        due ??= window.setTimeout(refresh, listPause) // many hints at once make one question
      },
      fileChanged: heardFile,
      older: async (room, before) =>
        (await take(api.GET('/api/v1/rooms/{room}/messages', { params: { path: { room }, query: { before, limit: 60 } } }))).items ?? [],
    })
  })
  useEffect(() => {
    line.start()
    const stop = line.subscribe(() => { if (line.state === 'ended') leave() })
    return () => {
      stop()
      line.stop()
    }
  }, [line])
  return <LineContext value={line}>{children}</LineContext>
}

export function useLine(): Line {
  const line = useContext(LineContext)
  if (!line) throw new Error('useLine outside of LineProvider')
  return line
}

export function useLineState(): WireState {
  const line = useLine()
  return useSyncExternalStore(line.subscribe, () => line.state)
}

export function useRoom(room: string): RoomView | undefined {
  const line = useLine()
  return useSyncExternalStore(line.subscribe, () => line.view(room))
}

export function useTyping(room: string): readonly Person[] {
  const line = useLine()
  return useSyncExternalStore(line.subscribe, () => line.typingIn(room))
}
