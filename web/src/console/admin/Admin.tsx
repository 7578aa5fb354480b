import { IconBuilding, IconChecklist, IconDatabase, IconEraser, IconHistory, IconKey, IconShieldLock, IconUsersGroup, IconWorld } from '@tabler/icons-react'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useMemo, useRef } from 'react'
import { type AdminPage, adminPages, may, pages, useMe } from '../session'
import { type Command, useCommands } from '../shell/commands'
import { useChosenInView } from '../shell/inView'
import { NoPermission } from '../shell/States'
import styles from './Admin.module.css'
import { words } from './words'

const icons = { staff: IconUsersGroup, sites: IconWorld, workspace: IconBuilding, storage: IconDatabase, security: IconShieldLock, encryption: IconKey, checklist: IconChecklist, audit: IconHistory, erasure: IconEraser }
const groups: { name: string; pages: AdminPage[] }[] = [
  { name: words.groups.organisation, pages: ['staff', 'sites', 'workspace', 'storage'] },
  { name: words.groups.security, pages: ['security', 'encryption', 'checklist', 'audit'] },
  { name: words.groups.retention, pages: ['erasure'] },
]

/** Administration: its own navigation, and only what the person's role includes. */
export function Admin() {
  const me = useMe()
  const page = useRouterState({ select: (state) => state.location.pathname.split('/')[2] }) as AdminPage | undefined
  const open = adminPages(me)
  const navigate = useNavigate()
  useEffect(() => {
    const name = page && page in words.pages ? words.pages[page] : words.title
    document.title = `${name} · ${me.workspace.company}`
  }, [page, me.workspace.company])
  const nav = useRef<HTMLElement>(null)
  useChosenInView(nav, page) // where the pages stand in a row
  const key = open.join()
  useCommands(useMemo(() => key.split(',').filter(Boolean).map((one): Command => ({
    id: `admin-${one}`, group: 'Go to', label: `${words.title}: ${words.pages[one as AdminPage]}`,
    run: () => void navigate({ to: `/admin/${one as AdminPage}` }),
  })), [key, navigate]))

  return (
    <div className={styles.admin}>
      {open.length > 0 && (
        <nav className={styles.nav} ref={nav} aria-label={words.title}>
          <p className={styles.name} aria-hidden>{words.title}</p>
          {groups.map((group) => {
            const mine = group.pages.filter((one) => open.includes(one))
            if (mine.length === 0) return null
            return (
              <div key={group.name} className={styles.group}>
                <p>{group.name}</p>
                <ul>
                  {mine.map((one) => {
                    const Icon = icons[one]
                    return (
                      <li key={one}>
                        <Link to={`/admin/${one}`} className={styles.link} data-here={one === page || undefined} aria-current={one === page ? 'page' : undefined}>
                          <Icon size={18} aria-hidden />{words.pages[one]}
                        </Link>
                      </li>
                    )
                  })}
                </ul>
              </div>
            )
          })}
        </nav>
      )}
      <div className={styles.content}>
        {page && page in pages && !may(me, pages[page]) ? <NoPermission /> : <Outlet />}
      </div>
    </div>
  )
}
