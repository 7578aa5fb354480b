import { Menu, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconInbox, IconKeyboard, IconLogout, IconMoon, IconSettings, IconSun, IconUser, IconWifiOff } from '@tabler/icons-react'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { api, Problem, sentence, take } from '~/api'
import { initials, Logo, toast } from '~/look'
import { useCounts } from '../inbox/queries'
import { useLineState } from '../live'
import { badge } from '../format'
import { adminPages, expectEnd, leave, useMe } from '../session'
import { type Command, useCommands } from './commands'
import { Help } from './Help'
import { useKeys } from './keys'
import { Closed } from './Closed'
import { Notices } from './Notices'
import { Palette } from './Palette'
import styles from './Shell.module.css'
import { words } from './words'

/** What stands around every page: rail, banner, palette, help. */
export function Shell() {
  const [dialog, setDialog] = useState<'palette' | 'help' | null>(null)
  useKeys()
  useShellCommands(setDialog)
  const main = useFocusOnPage()
  const close = () => { setDialog(null) }
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content" onClick={(event) => { event.preventDefault(); main.current?.focus() }}>{words.skip}</a>
      <Rail showHelp={() => { setDialog('help') }} />
      <div className={styles.right}>
        <div><Banner /><Closed /><Notices /></div>
        <main id="content" ref={main} tabIndex={-1} className={styles.main}><Outlet /></main>
      </div>
      <Palette opened={dialog === 'palette'} close={close} />
      <Help opened={dialog === 'help'} close={close} />
    </div>
  )
}

/**
 * After a change of page the reader starts at its heading, or at its content where the heading is none to see, and not where the old page's
 * link was. The page is there when the way to it is resolved. A conversation is no page of its own, each part of Administration is.
 */
function useFocusOnPage() {
  const main = useRef<HTMLElement>(null)
  const page = useRouterState({ select: (state) => pageOf(state.resolvedLocation?.pathname) })
  const last = useRef(page)
  useEffect(() => {
    if (page === last.current) return
    const named = location.hash !== '' && main.current?.contains(document.getElementById(location.hash.slice(1))) // the page went there itself
    if (last.current !== undefined && !named) (main.current?.querySelector<HTMLElement>('h1[tabindex]') ?? main.current)?.focus({ preventScroll: true })
    last.current = page
  }, [page])
  return main
}

function pageOf(path: string | undefined): string | undefined {
  return path?.startsWith('/admin') ? path.replace(/\/$/, '') : path?.split('/')[1]
}

function useShellCommands(open: (dialog: 'palette' | 'help') => void): void {
  const navigate = useNavigate()
  const me = useMe()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const list = useMemo(() => {
    const all: Command[] = [
      { id: 'inbox', group: 'Go to', label: words.goInbox, keys: 'g i', run: () => void navigate({ to: '/inbox' }) },
      { id: 'me', group: 'Go to', label: words.goMe, keys: 'g m', find: 'password name profile passkey factor device session token', run: () => void navigate({ to: '/me' }) },
      { id: 'palette', group: 'Help', label: words.commands, keys: 'mod+k', run: () => { open('palette') } },
      { id: 'help', group: 'Help', label: words.shortcuts, keys: '?', run: () => { open('help') } },
      { id: 'light', group: 'View', label: words.toLight, find: 'theme', run: () => { setColorScheme('light') } },
      { id: 'dark', group: 'View', label: words.toDark, find: 'theme night', run: () => { setColorScheme('dark') } },
      { id: 'auto', group: 'View', label: words.useSystem, find: 'theme', run: () => { setColorScheme('auto') } },
      { id: 'signout', group: 'Go to', label: words.signOut, find: 'log out leave', run: () => void signOut() },
    ]
    if (adminPages(me).length > 0) {
      all.splice(1, 0, { id: 'admin', group: 'Go to', label: words.goAdmin, keys: 'g a', find: 'settings', run: () => void navigate({ to: '/admin' }) })
    }
    return all
  }, [navigate, me, open, setColorScheme])
  useCommands(list)
}

/** Ends the session. Without an answer one stays, since the session may live on. */
export async function signOut(): Promise<void> {
  expectEnd(true)
  try {
    await take(api.POST('/api/v1/signout'))
  } catch (error) {
    if (error instanceof Problem && error.status !== 401) {
      expectEnd(false)
      toast(sentence(error), 'bad')
      return
    }
  }
  leave()
}

function Rail({ showHelp }: { showHelp: () => void }) {
  const me = useMe()
  const { waiting } = useCounts()
  const dark = useComputedColorScheme('light') === 'dark'
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <nav className={styles.rail} aria-label={words.main}>
      <span className={styles.logo}><Logo /></span>
      <RailLink to="/inbox" name={words.inbox} note={waiting > 0 ? words.waiting(waiting) : undefined} count={waiting}><IconInbox size={21} /></RailLink>
      {adminPages(me).length > 0 && <RailLink to="/admin" name={words.administration}><IconSettings size={21} /></RailLink>}
      <span className={styles.gap} />
      <Hint label={dark ? words.toLight : words.toDark}>
        <UnstyledButton className={styles.item} aria-label={dark ? words.toLight : words.toDark} onClick={() => { setColorScheme(dark ? 'light' : 'dark') }}>
          {dark ? <IconSun size={21} /> : <IconMoon size={21} />}
        </UnstyledButton>
      </Hint>
      <Menu position="right-end" width={240}>
        <Menu.Target>
          <UnstyledButton className={styles.item} aria-label={`${words.account}: ${me.name}`}>
            <span className={styles.me} data-text={initials(me.name)} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <div className={styles.who}><strong>{me.name}</strong><span>{me.email}</span><span>{me.role}, {me.workspace.company}</span></div>
          <Menu.Divider />
          <Menu.Item leftSection={<IconUser size={17} />} renderRoot={(props) => <Link to="/me" {...props} />}>{words.account}</Menu.Item>
          <Menu.Item leftSection={<IconKeyboard size={17} />} onClick={showHelp}>{words.shortcuts}</Menu.Item>
          <Menu.Item leftSection={<IconLogout size={17} />} onClick={() => void signOut()}>{words.signOut}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </nav>
  )
}

function Hint({ label, children }: { label: string; children: ReactNode }) {
  return <Tooltip label={label} position="right" events={{ hover: true, focus: true, touch: false }}>{children as React.ReactElement}</Tooltip>
}

function RailLink({ to, name, note, count = 0, children }: {
  to: '/inbox' | '/admin'
  name: string
  note?: string
  count?: number
  children: ReactNode
}) {
  const here = useRouterState({ select: (state) => state.location.pathname.startsWith(to) })
  return (
    <Hint label={name}>
      <Link to={to} className={styles.item} data-here={here || undefined} aria-current={here ? 'page' : undefined} aria-label={note ? `${name}, ${note}` : name}>
        {children}
        {count > 0 && <span className={styles.count} aria-hidden>{badge(count)}</span>}
      </Link>
    </Hint>
  )
}

function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      window.addEventListener('online', listener)
      window.addEventListener('offline', listener)
      return () => {
        window.removeEventListener('online', listener)
        window.removeEventListener('offline', listener)
      }
    },
    () => navigator.onLine,
  )
}

/** Says that the line is down, after a moment, so that a short break does not flicker. */
function Banner() {
  const online = useOnline()
  const state = useLineState()
  const down = !online || state === 'broken'
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => { setShown(down) }, down ? 1_500 : 0)
    return () => { window.clearTimeout(timer) }
  }, [down])
  return (
    <div role="status" aria-live="polite">
      {shown && (
        <p className={styles.banner}>
          <IconWifiOff size={17} aria-hidden />
          {online ? words.broken : words.offline}
        </p>
      )}
    </div>
  )
}


