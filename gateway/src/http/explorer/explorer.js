// Signs in and sends queries. The access token stays in this page's memory and goes with it.
"use strict";

const element = (id) => document.getElementById(id);
let token = null;

async function send(query, variables) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const account = element("account").value.trim();
  if (account) headers["X-Cairn-Account"] = account;
  const body = JSON.stringify({ query, variables });
  // Only this page's own token: no password that the browser remembers, and no dialogue that asks for one.
  const response = await fetch("/graphql", { method: "POST", headers, body, credentials: "omit" });
  return response.json();
}

async function signIn(event) {
  event.preventDefault();
  token = null;
  const mutation = `mutation($input: LoginInput!) { login(input: $input) { accessToken user { name role } } }`;
  const input = { email: element("email").value, password: element("password").value };
  const { data, errors } = await send(mutation, { input });
  if (errors) {
    element("who").value = errors[0].message;
    return;
  }
  token = data.login.accessToken;
  element("who").value = `Signed in as ${data.login.user.name} (${data.login.user.role.toLowerCase()}).`;
}

async function run() {
  const answer = element("answer");
  answer.textContent = "…";
  try {
    const text = element("variables").value.trim();
    const result = await send(element("query").value, text ? JSON.parse(text) : undefined);
    answer.textContent = JSON.stringify(result, null, 2);
  } catch (error) {
    answer.textContent = String(error);
  }
}

element("login").addEventListener("submit", signIn);
element("run").addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
