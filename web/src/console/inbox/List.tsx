import { Button, Skeleton } from '@mantine/core'
import { IconArchive, IconCoffee, IconInbox, IconPaperclip } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { type Enquiry, sentence, type View } from '~/api'
import { Empty, Face, Failed, Tag } from '~/look'
import { words as erasure } from '../erasure/words'
import { ago, badge, moment, where } from '../format'
import { useTyping } from '../live'
import { useNow } from '../now'
import { may, useMe } from '../session'
import styles from './List.module.css'
import { useEnquiries } from './queries'
import { unreadIn } from './rows'
import { words } from './words'

const { gone } = erasure

export function List({ view, chosen }: { view: View; chosen: string | undefined }) {
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useEnquiries(view)
  const items = (data?.pages ?? []).flatMap((part) => part.items ?? [])
  const now = useNow()
  return (
    <section className={styles.pane} aria-label={words.list(words.views[view])}>
      {isPending && <Bones />}
      {error && !data && <div className={styles.pad}><Failed text={words.listFailed} again={() => void refetch()} /><p>{sentence(error)}</p></div>}
      {data && items.length === 0 && <NothingHere view={view} />}
      {items.length > 0 && (
        <ul className={styles.list} onKeyDown={arrows}>
          {items.map((item) => <Row key={item.id} item={item} view={view} chosen={item.id === chosen} now={now} />)}
        </ul>
      )}
      {hasNextPage && (
        <div className={styles.more}>
          <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{words.more}</Button>
        </div>
      )}
    </section>
  )
}

/** Up and down move between the rows, as in any list. */
function arrows(event: React.KeyboardEvent<HTMLUListElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a')]
  const at = links.indexOf(document.activeElement as HTMLElement)
  const to = links[at + (event.key === 'ArrowDown' ? 1 : -1)]
  if (at === -1 || !to) return
  event.preventDefault()
  to.focus()
}

function Row({ item, view, chosen, now }: { item: Enquiry; view: View; chosen: boolean; now: number }) {
  const me = useMe()
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => { if (chosen) row.current?.scrollIntoView({ block: 'nearest' }) }, [chosen])
  const unread = unreadIn(item)
  const at = item.last?.at ?? item.opened_at
  return (
    <li ref={row}>
      <Link
        to="/inbox/$enquiry"
        params={{ enquiry: item.id }}
        search={{ view }}
        className={styles.row}
        data-chosen={chosen || undefined}
        data-unread={unread > 0 || undefined}
        aria-current={chosen ? 'true' : undefined}
      >
        <Face name={item.contact.name} id={item.contact.id} />
        <span className={styles.top}>
          <span className={styles.name}>{item.contact.name}</span>
          <time dateTime={at} title={moment(at)}>{ago(at, now)}</time>
        </span>
        <span className={styles.question}>{item.contact.erased ? gone.row : item.question}</span>
        <span className={styles.bottom}>
          <Preview item={item} me={me.id} />
          {view === 'all' && item.state !== 'Ongoing' && <Tag tone={item.state === 'Open' ? 'warn' : 'plain'}>{words.states[item.state]}</Tag>}
          {unread > 0 && (
            <span className={styles.unread}>
              <span aria-hidden>{badge(unread)}</span>
              <span className="p-unseen">{words.unread(unread)}</span>
            </span>
          )}
        </span>
      </Link>
    </li>
  )
}

function Preview({ item, me }: { item: Enquiry; me: string }) {
  const typing = useTyping(item.room)
  if (typing.some((one) => one.kind === 'visitor')) return <span className={styles.preview}><em>{words.typing}</em></span>
  const last = item.last
  if (last?.event) return <span className={styles.preview}><em>{words.happened[last.event]}</em></span>
  // Nothing was said after the question, which stands in the line above: so from where it came.
  if (!last?.preview || item.question.startsWith(last.preview.replace(/…$/, ''))) {
    return <span className={styles.preview}>{where(item)}</span>
  }
  const first = item.staff?.name.split(' ')[0]
  const who = last.by !== 'staff' ? '' : item.staff?.id === me ? words.you : first ? `${first}: ` : ''
  return <span className={styles.preview}>{who}{last.files ? <><IconPaperclip size={13} aria-hidden /><span className="p-unseen">{words.files.withFiles}</span> </> : null}{last.preview}</span>
}

function NothingHere({ view }: { view: View }) {
  const me = useMe()
  const { title, text } = words.emptyList[view]
  const Icon = view === 'waiting' ? IconCoffee : view === 'closed' ? IconArchive : IconInbox
  const action = view === 'mine'
    ? <Button variant="default" renderRoot={(props) => <Link to="/inbox" search={{ view: 'waiting' }} {...props} />}>{words.goWaiting}</Button>
    : view === 'all' && may(me, 'site.edit')
      ? <Button variant="default" renderRoot={(props) => <Link to="/admin/sites" {...props} />}>{words.addSite}</Button>
      : undefined
  return <Empty icon={<Icon size={26} />} title={title} action={action}>{text}</Empty>
}

function Bones() {
  return (
    <div role="status" aria-label={words.loadingList}>
      {[0, 1, 2, 3, 4, 5].map((i) => (
        <div key={i} className={styles.bone}>
          <Skeleton circle height={38} />
          <div><Skeleton height={12} width="55%" mt={4} /><Skeleton height={12} mt={10} /><Skeleton height={10} width="80%" mt={10} /></div>
        </div>
      ))}
    </div>
  )
}
