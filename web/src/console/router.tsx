import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect, type SearchSchemaInput } from '@tanstack/react-router'
import type { Me, View } from '~/api'
import { type Filters, filtersOf } from './admin/filters'
import { type AdminPage, adminPages } from './session'
import { Shell } from './shell/Shell'
import { Crashed, NotFound, Waiting } from './shell/States'

const views: readonly View[] = ['waiting', 'mine', 'closed', 'all']

/** The map of the console. Each room is a chunk of its own, loaded when somebody goes there. */
export function consoleRouter(me: Me) {
  const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Crashed })
  const at = <Path extends string>(path: Path) => ({ getParentRoute: () => root, path })

  const home = createRoute({ ...at('/'), beforeLoad: () => { throw redirect({ to: '/inbox', search: { view: 'waiting' }, replace: true }) } })
  const inbox = createRoute({
    ...at('/inbox'),
    validateSearch: (search: { view?: unknown } & SearchSchemaInput): { view: View } => ({ view: views.find((view) => view === search.view) ?? 'waiting' }),
    component: lazyRouteComponent(() => import('./inbox/Inbox'), 'Inbox'),
  })
  const enquiry = createRoute({ getParentRoute: () => inbox, path: '$enquiry' })
  const mine = createRoute({ ...at('/me'), component: lazyRouteComponent(() => import('./me/Account'), 'Account') })

  const admin = createRoute({ ...at('/admin'), component: lazyRouteComponent(() => import('./admin/Admin'), 'Admin') })
  const under = <Path extends string>(path: Path) => ({ getParentRoute: () => admin, path })
  const first: AdminPage = adminPages(me)[0] ?? 'staff'
  const adminHome = createRoute({ ...under('/'), beforeLoad: () => { throw redirect({ to: `/admin/${first}`, replace: true }) } })
  const staff = createRoute({ ...under('staff'), component: lazyRouteComponent(() => import('./admin/Staff'), 'Staff') })
  const sites = createRoute({ ...under('sites'), component: lazyRouteComponent(() => import('./admin/Sites'), 'Sites') })
  const workspace = createRoute({ ...under('workspace'), component: lazyRouteComponent(() => import('./admin/Workspace'), 'Workspace') })
  const storage = createRoute({ ...under('storage'), component: lazyRouteComponent(() => import('./admin/Storage'), 'Storage') })
  const encryption = createRoute({ ...under('encryption'), component: lazyRouteComponent(() => import('./encryption/Encryption'), 'Encryption') })
  const security = createRoute({ ...under('security'), component: lazyRouteComponent(() => import('./security/Security'), 'Security') })
  const staffList = createRoute({ ...under('security/staff-list'), component: lazyRouteComponent(() => import('./security/Networks'), 'StaffList') })
  const visitorList = createRoute({ ...under('security/visitor-list'), component: lazyRouteComponent(() => import('./security/Networks'), 'VisitorList') })
  const checklist = createRoute({ ...under('checklist'), component: lazyRouteComponent(() => import('./security/Checklist'), 'Checklist') })
  const erasure = createRoute({ ...under('erasure'), component: lazyRouteComponent(() => import('./erasure/Erasure'), 'Erasure') })
  const audit = createRoute({
    ...under('audit'),
    validateSearch: (search: Filters & SearchSchemaInput): Filters => filtersOf({ ...search }),
    component: lazyRouteComponent(() => import('./admin/Audit'), 'Audit'),
  })

  return createRouter({
    routeTree: root.addChildren([home, inbox.addChildren([enquiry]), mine, admin.addChildren([adminHome, staff, sites, workspace, storage, security, encryption, staffList, visitorList, checklist, audit, erasure])]),
    defaultPreload: 'intent',
    defaultPendingComponent: Waiting,
    defaultErrorComponent: Crashed,
    defaultNotFoundComponent: NotFound,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof consoleRouter>
  }
}
