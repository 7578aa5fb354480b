import { Button, PasswordInput, type PasswordInputProps } from '@mantine/core'
import { IconEye, IconEyeOff } from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { blocks } from '~/widget/blocks'
import { parts } from '~/widget/links'
import { Logo, Notice, SchemeSwitch } from '~/look'
import styles from './door.module.css'
import { words } from './words'

/** What stands around each page: the mark, the one main, links to the policies. */
export function Frame({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.frame}>
      <title>{words.title(title)}</title>
      <header className={styles.top}>
        <a className={styles.brand} href="/" aria-label={words.home}>
          <Logo size={34} /> {words.product}
        </a>
        {actions}
      </header>
      <main className={styles.main}>{children}</main>
      <footer className={styles.bottom}>
        <div className={styles.links}>
          <a href="/policies/security">{words.security}</a>
          <a href="/policies/privacy">{words.privacy}</a>
        </div>
        <SchemeSwitch size="xs" />
      </footer>
    </div>
  )
}

/** A page of one matter. When it takes the place of another one without a load, its title gets the focus. */
export function Sheet({ title, lead, wide, moved, children }: { title: string; lead?: ReactNode; wide?: boolean; moved?: boolean; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (moved) heading.current?.focus()
  }, [moved])
  return (
    <Frame title={title}>
      <div className={styles.card} data-wide={wide ? true : undefined}>
        <h1 className={styles.title} tabIndex={-1} ref={heading}>{title}</h1>
        {lead && <p className={styles.lead}>{lead}</p>}
        {children}
      </div>
    </Frame>
  )
}

export function Stack({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>
}

export function Aside({ children }: { children: ReactNode }) {
  return <p className={styles.aside}>{children}</p>
}

/** Small ways aside, one a line. */
export function Lines({ children }: { children: ReactNode }) {
  return <div className={styles.lines}>{children}</div>
}

/** Looks like a link and changes what stands here. */
export function TextButton({ act, children }: { act: () => void; children: string }) {
  return <button type="button" className={styles.line} onClick={act}>{children}</button>
}

/** Between two ways. */
export function Or() {
  return <p className={styles.or}>{words.signin.or}</p>
}

/** What went wrong with the form as a whole. */
export function Trouble({ text }: { text: string }) {
  return text === '' ? null : <Notice tone="danger">{text}</Notice>
}

/** The button of a form. It stays in the page while the form is busy, so that the focus is not lost. */
export function Send({ busy, left, children }: { busy: boolean; left: number; children: string }) {
  return (
    <Button type="submit" size="md" fullWidth loading={busy} variant={left > 0 ? 'default' : 'filled'} aria-disabled={left > 0 || undefined}>
      {left > 0 ? words.wait(left) : children}
    </Button>
  )
}

/** A link that looks like a button. */
export function Go({ to, size = 'md', plain, children }: { to: string; size?: 'sm' | 'md' | 'lg'; plain?: boolean; children: string }) {
  return <Button component="a" href={to} size={size} variant={plain ? 'default' : 'filled'} className={styles.go}>{children}</Button>
}

/** A password that can be looked at; pasting and password managers work as they do everywhere. */
export function Password(props: PasswordInputProps) {
  const [seen, setSeen] = useState(false)
  return (
    <PasswordInput
      {...props}
      size="md"
      visible={seen}
      onVisibilityChange={setSeen}
      autoCapitalize="none"
      spellCheck={false}
      visibilityToggleIcon={({ reveal }) => (reveal ? <IconEyeOff size={18} aria-hidden /> : <IconEye size={18} aria-hidden />)}
      visibilityToggleButtonProps={{ 'aria-label': seen ? words.hide : words.show, 'aria-hidden': false, tabIndex: 0, className: styles.toggle }}
    />
  )
}

/** A policy's text: headings, paragraphs and lists, and never any markup of its own. */
export function PolicyText({ markdown, page }: { markdown: string; page?: boolean }) {
  const H = page ? 'h2' : 'h3'
  return (
    <div className={styles.text} data-page={page ? true : undefined}>
      {blocks(markdown).map((b, i) => {
        if (b.kind === 'heading') return <H key={i}>{b.lines[0]}</H>
        if (b.kind === 'list') return <ul key={i}>{b.lines.map((l, n) => <li key={n}><Linked text={l} /></li>)}</ul>
        return <p key={i}><Linked text={b.lines.join(' ')} /></p>
      })}
    </div>
  )
}

function Linked({ text }: { text: string }) {
  return parts(text).map((p, i) => (p.href === undefined ? p.text : <a key={i} href={p.href} rel="noopener noreferrer">{p.text}</a>))
}

/** A page that waits for the server before it knows what it is. */
export function Waiting({ title }: { title: string }) {
  return <Sheet title={title}><Stack><p role="status">{words.loading}</p></Stack></Sheet>
}

export { styles }
