import { ActionIcon, Button, Menu, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import {
  IconDots, IconFingerprintOff, IconKey, IconLockOpen, IconLogout, IconMailForward, IconMailOff, IconPlayerPause, IconPlayerPlay, IconSearch, IconUserPlus, IconUserShield,
} from '@tabler/icons-react'
import { useState } from 'react'
import { api, type Member, sentence, take } from '~/api'
import { Card, Empty, Face, Failed, Page, Tag, toast } from '~/look'
import { ago, date, moment, shortly } from '../format'
import { useNow } from '../now'
import { may, useMe } from '../session'
import styles from './Admin.module.css'
import { Bones, Confirm } from '../forms/parts'
import { addressOf, called } from './people'
import { ChangeRole, Invite, ResetFactor } from './StaffDialogs'
import { words } from './words'

const text = words.staff
const tones = { invited: 'info', active: 'good', suspended: 'warn', deleted: 'plain' } as const

type Ask = 'role' | 'suspend' | 'reactivate' | 'revoke' | 'link' | 'factor' | 'unlock' | 'signOut'

/** Who works here. */
export function Staff() {
  const me = useMe()
  const [inviting, setInviting] = useState(false)
  const [asked, setAsked] = useState<{ what: Ask; member: Member } | null>(null)
  const client = useQueryClient()
  const again = () => void client.invalidateQueries({ queryKey: ['staff'] })
  const invite = may(me, 'staff.invite')
  return (
    <Page
      crumbs={[words.title, words.groups.organisation]}
      title={words.pages.staff}
      lead={text.lead}
      wide
      actions={invite && <Button leftSection={<IconUserPlus size={18} />} onClick={() => { setInviting(true) }}>{text.invite}</Button>}
    >
      <Card><Table ask={(what, member) => { setAsked({ what, member }) }} changed={again} /></Card>
      {inviting && <Invite close={() => { setInviting(false) }} done={again} />}
      {asked?.what === 'role' && <ChangeRole member={asked.member} close={() => { setAsked(null) }} done={again} />}
      {asked?.what === 'factor' && <ResetFactor member={asked.member} close={() => { setAsked(null) }} done={again} />}
      {asked && asked.what !== 'role' && asked.what !== 'factor' && <Sure what={asked.what} member={asked.member} close={() => { setAsked(null) }} done={again} />}
    </Page>
  )
}

function Table({ ask, changed }: { ask: (what: Ask, member: Member) => void; changed: () => void }) {
  const [search, setSearch] = useState('')
  const [sought] = useDebouncedValue(search.trim(), 200)
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: ['staff', 'list', sought],
    queryFn: ({ pageParam }) => sought === ''
      ? take(api.GET('/api/v1/staff', { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } }))
      : take(api.POST('/api/v1/staff/search', { body: { search: sought } })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
  if (isPending) return <Bones />
  if (!data) return <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
  const items = data.pages.flatMap((part) => part.items ?? [])
  const all = sought !== ''
  return (
    <>
      {(items.length > 5 || search !== '' || all || hasNextPage) && (
        <TextInput className={styles.search} type="search" aria-label={text.search} placeholder={text.search} maxLength={100} leftSection={<IconSearch size={17} aria-hidden />} autoComplete="off" value={search} onChange={(event) => { setSearch(event.currentTarget.value) }} />
      )}
      <p className="p-unseen" role="status">{all ? text.matches(items.length) : ''}</p>
      {items.length === 0 && !hasNextPage && <Empty icon={<IconSearch size={26} />} title={text.noMatch} />}
      <table className={styles.table}>
        <caption className="p-unseen">{text.table}</caption>
        <thead>
          <tr>
            <th scope="col">{text.name}</th><th scope="col">{text.role}</th><th scope="col">{text.state}</th>
            <th scope="col">{text.signin}</th><th scope="col"><span className="p-unseen">{text.actions}</span></th>
          </tr>
        </thead>
        <tbody>{items.map((member) => <Row key={member.id} member={member} ask={ask} changed={changed} />)}</tbody>
      </table>
      {hasNextPage && (
        <div className={styles.more}><Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{words.more}</Button></div>
      )}
    </>
  )
}

function Row({ member, ask, changed }: { member: Member; ask: (what: Ask, member: Member) => void; changed: () => void }) {
  const now = useNow()
  const name = called(member)
  const until = member.state === 'invited' ? member.invited_until : undefined
  return (
    <tr>
      <td>
        <div className={styles.person}>
          <Face name={name} id={member.id} />
          <div>
            <strong>{name} {member.you && <Tag tone="info">{text.you}</Tag>}</strong>
            {member.name && member.email && <span className={styles.small}>{member.email}</span>}
          </div>
        </div>
      </td>
      <td>{member.role}</td>
      <td>
        <span className={styles.tags}><Tag tone={tones[member.state]}>{text.states[member.state]}</Tag>{member.locked && <Tag tone="danger">{text.locked}</Tag>}</span>
        {until && <span className={styles.small}>{Date.parse(until) > now ? text.until(shortly(until)) : text.expired}</span>}
      </td>
      <td>
        {member.state !== 'invited' && (member.factor !== undefined || member.sessions !== undefined) && (
          <Tag tone={member.factor === 'passkey' ? 'good' : member.factor ? 'info' : 'plain'}>{text.factors[member.factor ?? '']}</Tag>
        )}
        <span className={styles.small}>
          {member.seen_at ? <time dateTime={member.seen_at} title={moment(member.seen_at)}>{text.seen(ago(member.seen_at, now), member.sessions ?? 0)}</time> : text.since(date(member.created_at))}
        </span>
      </td>
      <td><Actions member={member} name={name} ask={ask} changed={changed} /></td>
    </tr>
  )
}

/** What can be done with a member. Nobody changes their own standing, so that the last administrator stays. */
function Actions({ member, name, ask, changed }: { member: Member; name: string; ask: (what: Ask, member: Member) => void; changed: () => void }) {
  const me = useMe()
  const { state, you } = member
  const can = {
    role: !you && state !== 'deleted' && may(me, 'staff.edit'),
    suspend: !you && state === 'active' && may(me, 'staff.suspend'),
    reactivate: state === 'suspended' && may(me, 'staff.reactivate'),
    link: state === 'active' && may(me, 'staff.reset_link'),
    factor: !you && state === 'active' && may(me, 'staff.reset_factor'),
    unlock: state === 'active' && (member.locked ?? false) && may(me, 'staff.unlock'),
    signOut: !you && state === 'active' && may(me, 'staff.sign_out'),
    resend: state === 'invited' && may(me, 'staff.resend'),
    revoke: state === 'invited' && may(me, 'staff.revoke'),
  }
  if (!Object.values(can).some(Boolean)) return null
  const resend = () => {
    take(api.POST('/api/v1/staff/{id}/resend', { params: { path: { id: member.id } } }))
      .then(() => { toast(text.resent(addressOf(member))); changed() }, (error: unknown) => { toast(sentence(error), 'bad') })
  }
  return (
    <Menu position="bottom-end" width={250}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={text.actionsOf(name)}><IconDots size={19} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {can.role && <Menu.Item leftSection={<IconUserShield size={17} />} onClick={() => { ask('role', member) }}>{text.change}</Menu.Item>}
        {can.resend && <Menu.Item leftSection={<IconMailForward size={17} />} onClick={resend}>{text.resend}</Menu.Item>}
        {can.revoke && <Menu.Item leftSection={<IconMailOff size={17} />} onClick={() => { ask('revoke', member) }}>{text.revoke}</Menu.Item>}
        {can.unlock && <Menu.Item leftSection={<IconLockOpen size={17} />} onClick={() => { ask('unlock', member) }}>{text.unlock}</Menu.Item>}
        {can.link && <Menu.Item leftSection={<IconKey size={17} />} onClick={() => { ask('link', member) }}>{text.link}</Menu.Item>}
        {can.factor && <Menu.Item leftSection={<IconFingerprintOff size={17} />} onClick={() => { ask('factor', member) }}>{text.resetFactor}</Menu.Item>}
        {can.signOut && <Menu.Item leftSection={<IconLogout size={17} />} onClick={() => { ask('signOut', member) }}>{text.signOut}</Menu.Item>}
        {can.suspend && <Menu.Item leftSection={<IconPlayerPause size={17} />} onClick={() => { ask('suspend', member) }}>{text.suspend}</Menu.Item>}
        {can.reactivate && <Menu.Item leftSection={<IconPlayerPlay size={17} />} onClick={() => { ask('reactivate', member) }}>{text.reactivate}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  )
}

function Sure({ what, member, close, done }: { what: Exclude<Ask, 'role' | 'factor'>; member: Member; close: () => void; done: () => void }) {
  const name = called(member)
  const params = { params: { path: { id: member.id } } }
  const say = (sentence: string) => () => { toast(sentence); done() }
  switch (what) {
    case 'suspend':
      return <Confirm danger title={text.suspendTitle(name)} text={text.suspendText(name)} yes={text.suspend} close={close}
        act={() => take(api.POST('/api/v1/staff/{id}/suspend', params))} done={say(text.suspended(name))} />
    case 'reactivate':
      return <Confirm title={text.reactivateTitle(name)} text={text.reactivateText(name, member.role)} yes={text.reactivate} close={close}
        act={() => take(api.POST('/api/v1/staff/{id}/reactivate', params))} done={say(text.reactivated(name))} />
    case 'link':
      return <Confirm title={text.linkTitle(name)} text={text.linkText(addressOf(member))} yes={text.link} close={close}
        act={() => take(api.POST('/api/v1/staff/{id}/reset-link', params))} done={say(text.linkSent(addressOf(member)))} />
    case 'unlock':
      return <Confirm title={text.unlockTitle(name)} text={text.unlockText} yes={text.unlock} close={close}
        act={() => take(api.POST('/api/v1/staff/{id}/unlock', params))} done={say(text.unlocked(name))} />
    case 'signOut':
      return <Confirm danger title={text.signOutTitle(name)} text={text.signOutText(name)} yes={text.signOut} close={close}
        act={() => take(api.POST('/api/v1/staff/{id}/sign-out', params))} done={say(text.signedOut(name))} />
    case 'revoke':
      return <Confirm danger title={text.revokeTitle(addressOf(member))} text={text.revokeText} yes={text.revoke} close={close}
        act={() => take(api.DELETE('/api/v1/staff/{id}/invitation', params))} done={say(text.revoked)} />
  }
}
