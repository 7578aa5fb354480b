import { ActionIcon, Button, Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { IconArrowLeft, IconCheck, IconHandGrab, IconInfoCircle, IconMessageOff, IconRotate2 } from '@tabler/icons-react'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type Enquiry, Problem, sentence } from '~/api'
import { Empty, Failed, Tag, toast } from '~/look'
import { Gone } from '../erasure/Gone'
import { where } from '../format'
import { useLine, useRoom } from '../live'
import { may, useMe } from '../session'
import { type Command, useCommands } from '../shell/commands'
import { Waiting } from '../shell/States'
import { Composer } from './Composer'
import styles from './Conversation.module.css'
import { Details } from './Details'
import { DropZone } from './DropZone'
import { Messages } from './Messages'
import { type Move, patchEnquiry, useEnquiry, useMove } from './queries'
import { words } from './words'

const route = getRouteApi('/inbox')

/** One enquiry: what was said, and what can be done. */
export function Conversation({ id }: { id: string }) {
  const { data, error, refetch } = useEnquiry(id)
  if (data) return <Opened enquiry={data} />
  if (error instanceof Problem && (error.status === 404 || error.status === 403)) {
    return (
      <section className={styles.conversation} aria-label={words.missingTitle}>
        <Back />
        <Empty icon={<IconMessageOff size={26} />} title={words.missingTitle} />
      </section>
    )
  }
  return (
    <section className={styles.conversation} aria-label={words.loadingRoom}>
      <Back />
      {error ? <div className={styles.pad}><Failed text={sentence(error)} again={() => void refetch()} /></div> : <Waiting />}
    </section>
  )
}

function Back() {
  const { view } = route.useSearch()
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" className={styles.back} aria-label={words.back} renderRoot={(props) => <Link to="/inbox" search={{ view }} {...props} />}>
      <IconArrowLeft size={20} />
    </ActionIcon>
  )
}

function Opened({ enquiry }: { enquiry: Enquiry }) {
  const line = useLine()
  const { id, room, head, visitor_read } = enquiry
  const erased = enquiry.contact.erased === true
  useEffect(() => {
    if (erased) line.forget(room)
    else line.open(room, head, visitor_read)
  }, [line, room, head, visitor_read, erased])
  const view = useRoom(room)
  const wide = useMediaQuery('(min-width: 1500px)')
  const [details, setDetails] = useState(false)
  const [above, setAbove] = useState(false) // a dialog of the details: Escape is its own
  const composer = useRef<HTMLTextAreaElement>(null)
  const column = useRef<HTMLDivElement>(null)
  const move = useEnquiryMoves(enquiry, composer)
  const onRead = useRead(enquiry)
  const [readBefore] = useState(enquiry.read)

  return (
    <section className={styles.conversation} aria-label={words.conversation(enquiry.contact.name)}>
      <div className={styles.column} ref={column}>
        <Head enquiry={enquiry} move={move} showDetails={wide ? undefined : () => { setDetails(true) }} />
        {erased ? <Gone />
        : !view || view.state === 'opening' ? <Waiting />
        : view.state === 'refused' ? <Lost why={view.why} />
        : <Messages key={id} view={view} room={room} readBefore={readBefore} onRead={onRead} />}
        {!erased && view?.state === 'ready' && <Foot enquiry={enquiry} move={move} composer={composer} />}
        {!erased && view?.state === 'ready' && enquiry.state === 'Ongoing' && <DropZone room={room} column={column} />}
      </div>
      {wide ? <Details enquiry={enquiry} />
      : (
        <Drawer opened={details} closeOnEscape={!above} onClose={() => { setDetails(false) }} position="right" size={340} title={words.details} closeButtonProps={{ 'aria-label': 'Close' }}>
          <Details enquiry={enquiry} bare onDialog={setAbove} />
        </Drawer>
      )}
    </section>
  )
}

function Lost({ why }: { why: string | undefined }) {
  return <Empty icon={<IconMessageOff size={26} />} title={why ? words.openingFailed : words.goneTitle}>{why ?? words.goneText}</Empty>
}

/** Says up to where I have read, once a message, and shows it in the lists at once. */
function useRead(enquiry: Enquiry): (seq: number) => void {
  const line = useLine()
  const client = useQueryClient()
  const said = useRef(enquiry.read)
  const { id, room } = enquiry
  return useCallback((seq: number) => {
    if (seq <= said.current || line.state !== 'live') return
    said.current = seq
    line.read(room, seq)
    patchEnquiry(client, id, (known) => ({ ...known, read: Math.max(known.read, seq), head: Math.max(known.head, seq) }))
  }, [client, id, line, room])
}

export interface Moves {
  allowed: Record<Move, boolean>
  busy: Move | undefined
  go: (move: Move) => void
}

/** Picking up, closing and reopening, with what this person may do now. The server decides; this only offers. */
function useEnquiryMoves(enquiry: Enquiry, composer: React.RefObject<HTMLTextAreaElement | null>): Moves {
  const me = useMe()
  const navigate = useNavigate()
  const { mutate, isPending, variables } = useMove()
  const { id, state, staff } = enquiry
  const mine = staff?.id === me.id
  const wider = me.level === 'Full' || me.level === 'Department'
  const busy = isPending ? variables.move : undefined
  const pickup = state === 'Open' && may(me, 'chat.pickup')
  const close = may(me, 'chat.close') && (state === 'Ongoing' ? mine || wider : state === 'Open' && wider)
  const reopen = state === 'Closed' && !enquiry.contact.erased && may(me, 'chat.reopen') && (mine || wider)
  const go = useCallback((move: Move) => {
    mutate({ id, move }, {
      onSuccess: () => {
        toast(move === 'pickup' ? words.pickedUp : move === 'close' ? words.closed : words.reopened)
        if (move === 'close') return
        void navigate({ to: '/inbox/$enquiry', params: { enquiry: id }, search: { view: 'mine' } })
        window.setTimeout(() => composer.current?.focus(), 100)
      },
      onError: (error) => { toast(sentence(error), 'bad') },
    })
  }, [composer, id, mutate, navigate])

  const list = useMemo(() => {
    const all: Command[] = []
    if (pickup) all.push({ id: 'pickup', group: 'Enquiry', label: words.cmd.pickUp, keys: 'p', run: () => { go('pickup') } })
    if (close) all.push({ id: 'close', group: 'Enquiry', label: words.cmd.close, keys: 'e', run: () => { go('close') } })
    if (reopen) all.push({ id: 'reopen', group: 'Enquiry', label: words.cmd.reopen, run: () => { go('reopen') } })
    if (state === 'Ongoing') all.push({ id: 'reply', group: 'Enquiry', label: words.cmd.reply, keys: 'r', run: () => composer.current?.focus() })
    return all
  }, [pickup, close, reopen, state, go, composer])
  useCommands(list)
  return { allowed: { pickup, close, reopen }, busy, go }
}

function Head({ enquiry, move, showDetails }: { enquiry: Enquiry; move: Moves; showDetails: (() => void) | undefined }) {
  const me = useMe()
  const { state, staff, contact } = enquiry
  const mine = staff?.id === me.id
  return (
    <header className={styles.head}>
      <Back />
      <div className={styles.titles}>
        <h2>{contact.erased ? contact.name : enquiry.question}</h2>
        <p>
          <span>{contact.erased ? '' : `${contact.name}, `}{where(enquiry)}</span>
          {state !== 'Ongoing' && <Tag tone={state === 'Open' ? 'warn' : 'plain'}>{words.states[state]}</Tag>}
          {state === 'Ongoing' && <Tag tone={mine ? 'info' : 'plain'}>{mine ? words.yours : words.heldBy(staff?.name ?? words.somebody)}</Tag>}
        </p>
      </div>
      {showDetails && (
        <ActionIcon variant="default" size={36} aria-label={words.details} onClick={showDetails}><IconInfoCircle size={19} /></ActionIcon>
      )}
      {move.allowed.close && (
        <Button variant={mine ? 'filled' : 'default'} leftSection={<IconCheck size={17} />} loading={move.busy === 'close'} onClick={() => { move.go('close') }}>{words.close}</Button>
      )}
      {move.allowed.reopen && (
        <Button variant="default" leftSection={<IconRotate2 size={17} />} loading={move.busy === 'reopen'} onClick={() => { move.go('reopen') }}>{words.reopen}</Button>
      )}
    </header>
  )
}

/** What stands under the messages: the composer, or why there is none. */
function Foot({ enquiry, move, composer }: { enquiry: Enquiry; move: Moves; composer: React.RefObject<HTMLTextAreaElement | null> }) {
  const me = useMe()
  if (enquiry.state === 'Ongoing') {
    const other = enquiry.staff && enquiry.staff.id !== me.id ? enquiry.staff.name : undefined
    return (
      <>
        {other && <p className={styles.other}>{words.otherBar(other)}</p>}
        <Composer room={enquiry.room} name={enquiry.contact.name} field={composer} />
      </>
    )
  }
  return (
    <div className={styles.bar} data-foot>
      <span>{enquiry.state === 'Open' ? words.waitingBar(enquiry.contact.name) : words.closedBar}</span>
      {move.allowed.pickup && (
        <Button leftSection={<IconHandGrab size={18} />} loading={move.busy === 'pickup'} onClick={() => { move.go('pickup') }}>{words.pickToReply}</Button>
      )}
    </div>
  )
}
