import { Button } from '@mantine/core'
import { IconAlertCircle, IconArrowDown, IconCheck, IconChecks, IconClock } from '@tabler/icons-react'
import { memo, type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Message } from '~/api'
import { Face, toast } from '~/look'
import type { RoomView } from '~/live/line'
import type { Pending } from '~/live/outbox'
import { dayName, moment, time } from '../format'
import { useLine, useLineState } from '../live'
import { useNow } from '../now'
import { useMe } from '../session'
import { layOut, type Line } from './rows'
import { Attached } from './Attached'
import styles from './Messages.module.css'
import { words } from './words'

/** The messages of a room, at the newest unless the person has gone up to read. */
export function Messages({ view, room, readBefore, onRead }: {
  view: RoomView
  room: string
  readBefore: number
  onRead: (seq: number) => void
}) {
  const me = useMe()
  const now = useNow()
  const log = useRef<HTMLDivElement>(null)
  const { atEnd, toEnd, seen } = useEnd(log, view)
  const { older, loading } = useOlder(log, room, view)
  useSeen(view.last, atEnd, onRead)
  const lines = useMemo(() => layOut(view.items, view.pending, readBefore, me.id), [view.items, view.pending, readBefore, me.id])
  const fresh = view.last - seen
  return (
    <div className={styles.frame}>
      <div ref={log} className={styles.log} role="log" aria-label={words.messages} tabIndex={0}>
        {view.older
          ? <Button className={styles.older} variant="subtle" size="xs" loading={loading} onClick={older}>{words.older}</Button>
          : <p className={styles.start}>{words.start}</p>}
        {lines.map((line) => <Row key={line.key} line={line} now={now} visitorRead={view.visitorRead} />)}
      </div>
      {!atEnd && (
        <Button className={styles.jump} size="compact-sm" variant="default" leftSection={<IconArrowDown size={15} />} onClick={toEnd}>
          {fresh > 0 ? words.jump(fresh) : words.toEnd}
        </Button>
      )}
      <Typing view={view} />
    </div>
  )
}

/** Keeps the newest message in sight, as long as one has not gone up. */
function useEnd(log: RefObject<HTMLDivElement | null>, view: RoomView) {
  const [atEnd, setAtEnd] = useState(true)
  const [seen, setSeen] = useState(view.last)
  const end = useRef(true)
  const pending = useRef(view.pending.length)
  const toEnd = useCallback(() => { if (log.current) log.current.scrollTop = log.current.scrollHeight }, [log])

  useLayoutEffect(() => {
    const posted = view.pending.length > pending.current
    pending.current = view.pending.length
    if (end.current || posted) toEnd()
  }, [toEnd, view.items, view.pending])
  useEffect(() => { if (atEnd) setSeen(view.last) }, [atEnd, view.last])
  useEffect(() => {
    const node = log.current
    if (!node) return
    const onScroll = () => {
      end.current = node.scrollHeight - node.scrollTop - node.clientHeight < 48
      setAtEnd(end.current)
    }
    const sizes = new ResizeObserver(() => { if (end.current) toEnd() })
    node.addEventListener('scroll', onScroll, { passive: true })
    sizes.observe(node)
    return () => {
      node.removeEventListener('scroll', onScroll)
      sizes.disconnect()
    }
  }, [log, toEnd])
  return { atEnd, toEnd, seen }
}

/** Loads earlier messages, and leaves what one reads where it is on the screen. */
function useOlder(log: RefObject<HTMLDivElement | null>, room: string, view: RoomView) {
  const line = useLine()
  const [loading, setLoading] = useState(false)
  const height = useRef<number | null>(null)
  const first = view.items[0]?.seq
  useLayoutEffect(() => {
    const node = log.current
    if (node && height.current !== null) node.scrollTop += node.scrollHeight - height.current
    height.current = null
  }, [log, first])
  const older = () => {
    height.current = log.current?.scrollHeight ?? null
    setLoading(true)
    line.loadOlder(room)
      .catch(() => { toast(words.olderFailed, 'bad') })
      .finally(() => { setLoading(false) })
  }
  return { older, loading }
}

/** A message counts as read when it is in sight, in a window that has the person's attention. */
function useSeen(last: number, atEnd: boolean, onRead: (seq: number) => void): void {
  const state = useLineState()
  useEffect(() => {
    const check = () => { if (atEnd && document.visibilityState === 'visible' && document.hasFocus()) onRead(last) }
    check()
    window.addEventListener('focus', check)
    document.addEventListener('visibilitychange', check)
    return () => {
      window.removeEventListener('focus', check)
      document.removeEventListener('visibilitychange', check)
    }
  }, [last, atEnd, onRead, state])
}

const Row = memo(function Row({ line, now, visitorRead }: { line: Line; now: number; visitorRead: number }) {
  switch (line.kind) {
    case 'day':
      return <p className={styles.day}><span>{dayName(line.at, now)}</span></p>
    case 'new':
      return <p className={styles.new}><span>{words.newLine}</span></p>
    case 'event':
      return <Event message={line.message} />
    case 'said':
      return <Said message={line.message} first={line.first} last={line.last} seen={line.message.seq <= visitorRead} />
    case 'pending':
      return <OnItsWay item={line.item} />
  }
})

function Event({ message }: { message: Message }) {
  const say = message.event ? words.events[message.event] : undefined
  return (
    <p className={styles.event}>
      {say ? say(message.by.name || words.somebody) : message.body} <time dateTime={message.at} title={moment(message.at)}>{time(message.at)}</time>
    </p>
  )
}

function Said({ message, first, last, seen }: { message: Message; first: boolean; last: boolean; seen: boolean }) {
  const ours = message.by.kind === 'staff'
  return (
    <div className={styles.said} data-ours={ours || undefined} data-first={first || undefined} data-last={last || undefined}>
      {!ours && (last ? <Face name={message.by.name} id={message.by.id ?? ''} size={30} /> : <span className={styles.noFace} />)}
      <div className={styles.bubble}>
        {message.body !== '' && <p className={styles.body} dir="auto">{message.body}</p>}
        {message.files && message.files.length > 0 && <Attached files={message.files} />}
        {last ? (
          <p className={styles.meta}>
            <span>{message.by.name || words.visitor}</span>
            <time dateTime={message.at} title={moment(message.at)}>{time(message.at)}</time>
            {ours && (
              <span className={styles.mark}>
                {seen ? <IconChecks size={15} aria-hidden /> : <IconCheck size={15} aria-hidden />}
                {seen ? words.seen : words.sent}
              </span>
            )}
          </p>
        ) : <span className="p-unseen">{message.by.name}, {time(message.at)}</span>}
      </div>
    </div>
  )
}

function OnItsWay({ item }: { item: Pending }) {
  const line = useLine()
  const state = useLineState()
  return (
    <div className={styles.said} data-ours data-first data-last>
      <div className={styles.bubble} data-pending data-failed={item.failed !== undefined || undefined}>
        {item.body !== '' && <p className={styles.body} dir="auto">{item.body}</p>}
        {item.files && <Attached files={item.files} />}
        {item.failed === undefined ? (
          <p className={styles.meta}>
            <span className={styles.mark}><IconClock size={14} aria-hidden />{state === 'live' ? words.sending : words.waitingForLine}</span>
          </p>
        ) : (
          <div className={styles.failed} role="alert">
            <IconAlertCircle size={16} aria-hidden />
            <span>{words.failed(item.failed)}</span>
            <Button size="compact-xs" variant="default" onClick={() => { line.retry(item) }}>{words.retry}</Button>
            <Button size="compact-xs" variant="default" onClick={() => { line.discard(item) }}>{words.discard}</Button>
          </div>
        )}
      </div>
    </div>
  )
}

function Typing({ view }: { view: RoomView }) {
  const names = view.typing.map((one) => one.name || words.visitor)
  const text = names.length === 0 ? '' : names.length === 1 ? words.isTyping(names[0] ?? '') : words.areTyping(names.join(words.and))
  return (
    <p className={styles.typing} role="status">
      {text && <><span className={styles.dots} aria-hidden><i /><i /><i /></span>{text}</>}
    </p>
  )
}
