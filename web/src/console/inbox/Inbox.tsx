import { IconArchive, IconClockHour4, IconStack2, IconUser } from '@tabler/icons-react'
import { getRouteApi, Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import type { Me, View } from '~/api'
import { badge } from '../format'
import { useMe } from '../session'
import { type Command, useCommands } from '../shell/commands'
import { Conversation } from './Conversation'
import { List } from './List'
import styles from './Inbox.module.css'
import { NothingChosen } from './NothingChosen'
import { useCounts, useEnquiries } from './queries'
import { words } from './words'

const route = getRouteApi('/inbox')
const icons = { waiting: IconClockHour4, mine: IconUser, closed: IconArchive, all: IconStack2 }

/** The folders that differ for this person: All shows a Restricted role no more than Waiting and Mine do. */
function viewsOf(me: Me): View[] {
  return me.level === 'Restricted' ? ['waiting', 'mine', 'closed'] : ['waiting', 'mine', 'closed', 'all']
}

/** Folders, list, conversation, details. On a narrow screen one of them at a time. */
export function Inbox() {
  const me = useMe()
  const { view } = route.useSearch()
  const { enquiry } = useParams({ strict: false })
  const { data } = useEnquiries(view)
  const items = useMemo(() => (data?.pages ?? []).flatMap((part) => part.items ?? []), [data])
  useWalk(items.map((item) => item.id).join(), enquiry, view)
  const counts = useCounts()
  useEffect(() => {
    const count = counts.waiting > 0 ? `(${String(counts.waiting)}) ` : ''
    document.title = `${count}${words.pageTitle(words.views[view])} · ${me.workspace.company}`
  }, [counts.waiting, me.workspace.company, view])
  return (
    <div className={styles.inbox} data-open={enquiry ? true : undefined}>
      <h1 className="p-unseen">{words.pageTitle(words.views[view])}</h1>
      <Folders view={view} views={viewsOf(me)} counts={counts} />
      <List view={view} chosen={enquiry} />
      {enquiry ? <Conversation key={enquiry} id={enquiry} /> : <NothingChosen empty={items.length === 0} />}
    </div>
  )
}

function Folders({ view, views, counts }: { view: View; views: View[]; counts: { waiting: number; mine: number } }) {
  return (
    <nav className={styles.folders} aria-label={words.folders}>
      <p className={styles.name} aria-hidden>{words.title}</p>
      <ul>
        {views.map((one) => {
          const Icon = icons[one]
          const count = one === 'waiting' || one === 'mine' ? counts[one] : 0
          return (
            <li key={one}>
              <Link to="/inbox" search={{ view: one }} className={styles.folder} data-here={one === view || undefined} aria-current={one === view ? 'page' : undefined}>
                <Icon size={18} aria-hidden />
                <span>{words.views[one]}</span>
                {count > 0 && <span className={styles.count}>{badge(count)}</span>}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

/** J and K: the enquiry below and above. */
function useWalk(ids: string, chosen: string | undefined, view: View): void {
  const navigate = useNavigate()
  const me = useMe()
  const list = useMemo(() => {
    const all = ids ? ids.split(',') : []
    const step = (by: 1 | -1) => {
      const at = chosen ? all.indexOf(chosen) : -1
      const to = all[at === -1 ? (by === 1 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))]
      if (to) void navigate({ to: '/inbox/$enquiry', params: { enquiry: to }, search: { view } })
    }
    const walk: Command[] = [
      { id: 'next', group: 'Enquiry', label: words.cmd.next, keys: 'j', run: () => { step(1) } },
      { id: 'previous', group: 'Enquiry', label: words.cmd.previous, keys: 'k', run: () => { step(-1) } },
    ]
    const folders: Command[] = viewsOf(me).map((one) => ({
      id: `view-${one}`, group: 'Go to', label: words.cmd.show(words.views[one]), find: 'folder inbox',
      run: () => void navigate({ to: '/inbox', search: { view: one } }),
    }))
    return [...walk, ...folders]
  }, [ids, chosen, view, navigate, me])
  useCommands(list)
}
