import { SegmentedControl, Switch } from '@mantine/core'
import { IconBell, IconDevices, IconFingerprint, IconKey, IconKeyboard, IconLock, IconSunMoon, IconUser } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { Card, Page, SchemeSwitch } from '~/look'
import forms from '../forms/Forms.module.css'
import { type Preferences, setPreferences, usePreferences } from '../preferences'
import { useMe } from '../session'
import { useChosenInView } from '../shell/inView'
import styles from './Account.module.css'
import { Devices } from './Devices'
import { Factors } from './Factors'
import { Password } from './Password'
import { Mails, Profile } from './Profile'
import { Tokens } from './Tokens'
import { words } from './words'

type Section = keyof typeof words.sections

const icons: Record<Section, ReactNode> = {
  profile: <IconUser size={20} />, password: <IconLock size={20} />, factors: <IconFingerprint size={20} />, devices: <IconDevices size={20} />,
  tokens: <IconKey size={20} />, mails: <IconBell size={20} />, look: <IconSunMoon size={20} />, keyboard: <IconKeyboard size={20} />,
}

/** What belongs to the person who is signed in: one page, each section with an address of its own. */
export function Account() {
  const me = useMe()
  useEffect(() => { document.title = `${words.title} · ${me.workspace.company}` }, [me.workspace.company])
  const content = useRef<HTMLDivElement>(null)
  const sections = (Object.keys(words.sections) as Section[])
  const here = useHere(content, sections)
  useHash(content)
  const nav = useRef<HTMLElement>(null)
  useChosenInView(nav, here) // where the sections stand in a row
  const parts: Record<Section, ReactNode> = {
    profile: <Profile me={me} />, password: <Password me={me} />, factors: <Factors me={me} />, devices: <Devices />,
    tokens: <Tokens me={me} />, mails: <Mails me={me} />, look: <SchemeSwitch />, keyboard: <Keyboard />,
  }
  return (
    <div className={styles.account}>
      <nav className={styles.nav} ref={nav} aria-label={words.title}>
        <p className={styles.name} aria-hidden>{words.title}</p>
        <ul>
          {sections.map((one) => (
            <li key={one}>
              <Link to="/me" hash={one} replace className={styles.link} data-here={one === here || undefined} aria-current={one === here ? 'true' : undefined}>
                <span aria-hidden>{icons[one]}</span>{words.sections[one].title}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.content} ref={content}>
        <Page title={words.title} lead={words.lead(me.workspace.company, me.role)}>
          {sections.map((one) => (
            <div key={one} id={one} className={styles.section} tabIndex={-1}>
              <Card icon={icons[one]} title={words.sections[one].title} lead={words.sections[one].lead}>{parts[one]}</Card>
            </div>
          ))}
        </Page>
      </div>
    </div>
  )
}

/** Which section one reads: the last whose head has come near the top, and the last of all at the end of the page. */
function useHere(content: React.RefObject<HTMLDivElement | null>, sections: readonly Section[]): Section | undefined {
  const [here, setHere] = useState<Section | undefined>(sections[0])
  useEffect(() => {
    const box = content.current
    if (!box) return undefined
    const look = () => {
      const edge = box.getBoundingClientRect().top + 120
      const tops = sections.filter((one) => (document.getElementById(one)?.getBoundingClientRect().top ?? Infinity) < edge)
      const end = box.scrollTop > 0 && box.scrollTop + box.clientHeight >= box.scrollHeight - 2
      setHere(end ? sections.at(-1) : (tops.at(-1) ?? sections[0]))
    }
    box.addEventListener('scroll', look, { passive: true })
    return () => { box.removeEventListener('scroll', look) }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the sections are always the same
  }, [content])
  return here
}

/** Brings the section of the address to the top, also when what stands above it is still loading. */
function useHash(content: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const name = location.hash.slice(1)
    const box = content.current
    const section = name === '' ? null : document.getElementById(name)
    if (!box || !section) return undefined
    const show = () => { section.scrollIntoView({ block: 'start' }) }
    show()
    const grows = new ResizeObserver(show)
    for (const child of box.children) grows.observe(child)
    const stop = () => { grows.disconnect() }
    const late = window.setTimeout(stop, 2_000)
    const byHand = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const
    for (const kind of byHand) box.addEventListener(kind, stop, { once: true, passive: true })
    return () => {
      stop()
      window.clearTimeout(late)
    }
  }, [content])
}

function Keyboard() {
  const { singleKeys, sendBy } = usePreferences()
  const label = useId()
  return (
    <div className={forms.stack}>
      <Switch
        label={words.singleKeys}
        description={words.singleKeysHint}
        checked={singleKeys}
        onChange={(event) => { setPreferences({ singleKeys: event.target.checked }) }}
      />
      <div className={styles.choice}>
        <span id={label}>{words.sendBy}</span>
        <SegmentedControl
          aria-labelledby={label}
          size="sm"
          value={sendBy}
          onChange={(value) => { setPreferences({ sendBy: value as Preferences['sendBy'] }) }}
          data={[{ value: 'ctrl', label: words.sendByCtrl }, { value: 'enter', label: words.sendByEnter }]}
        />
      </div>
    </div>
  )
}
