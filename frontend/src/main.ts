import regular from "virtual:latin-font/400";
import semibold from "virtual:latin-font/600";
import { createApp } from "vue";
import App from "@/app/App.vue";
import { router } from "@/app/router";
import { i18n } from "@/i18n";
import { bindPreferences } from "@/session/preferences";
import "@/styles/tokens.css";
import "@/styles/base.css";

for (const [url, weight] of [[regular, "400"], [semibold, "600"]] as const) {
  const face = new FontFace("Plex", `url(${url})`, { weight, display: "swap" });
  document.fonts.add(face);
  void face.load();
}
void bindPreferences().then(() => createApp(App).use(i18n).use(router).mount("#app"));
