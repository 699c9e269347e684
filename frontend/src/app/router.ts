import { createRouter, createWebHistory } from "vue-router";
import { isKnown, landing, me, recognize } from "@/session/session";

export const router = createRouter({
  history: createWebHistory("/"),
  routes: [
    { path: "/login", name: "login", component: () => import("@/features/auth/LoginPage.vue"), meta: { isOpen: true } },
    { path: "/", redirect: () => landing.value },
    { path: "/board", name: "board", component: () => import("@/features/board/BoardPage.vue") },
    { path: "/pairs/:code", name: "pair", component: () => import("@/features/pairs/PairPage.vue"), props: true },
    { path: "/executions", name: "executions", component: () => import("@/features/executions/ExecutionsPage.vue") },
    { path: "/executions/:id", name: "execution", component: () => import("@/features/executions/ExecutionPage.vue"), props: true },
    { path: "/risk", name: "risk", component: () => import("@/features/risk/RiskPage.vue") },
    { path: "/alerts", name: "alerts", component: () => import("@/features/alerts/AlertsPage.vue") },
    { path: "/audit", name: "audit", component: () => import("@/features/audit/AuditPage.vue") },
    { path: "/projects", name: "projects", component: () => import("@/features/projects/ProjectsPage.vue") },
    { path: "/projects/:code", name: "project", component: () => import("@/features/projects/ProjectPage.vue"), props: true },
    { path: "/venues", name: "venues", component: () => import("@/features/venues/VenuesPage.vue") },
    { path: "/settings", name: "settings", component: () => import("@/features/settings/SettingsPage.vue") },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  if (!isKnown.value) {
    try {
      await recognize();
    } catch {
      return to.meta.isOpen ? true : { name: "login", query: { next: to.fullPath, down: "1" } };
    }
  }
  if (!me.value && !to.meta.isOpen) return { name: "login", query: to.path === "/" ? {} : { next: to.fullPath } };
  if (me.value && to.name === "login") return landing.value;
  return true;
});
