/// <reference types="vite/client" />

declare module "virtual:latin-font/*" {
  const url: string;
  export default url;
}

declare module "*.vue" {
  import type { DefineComponent } from "vue";
  const component: DefineComponent<object, object, unknown>;
  export default component;
}
