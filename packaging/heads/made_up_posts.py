"""Posts that want to sell, and posts that only speak of shops, prices, brands and codes: no collection holds them short.

Written for these heads and put together from templates. The rows of one template share a group, so that figures out of fold are
of templates that the training half does not know.
"""

from __future__ import annotations

import random
import re

_WORDS = {
    "goods": "boots|trainers|jackets|winter coats|headphones|mattresses|sofas|kettles|bikes|tents|rugs|lamps|skincare|toys|books|"
    "coffee beans|phone cases|garden tools|suitcases|watches|knives|pans|yarn|board games|dresses|sunglasses|plants|laptops|TVs",
    "one": "pair of jeans|blender|backpack|yoga mat|desk chair|water bottle|air fryer|drone|hoodie|notebook|espresso machine|vacuum|"
    "tablet|speaker|e-reader|moisturiser|planner|camera bag|standing desk|night cream|pillow|umbrella|toaster|keyboard|bike",
    "brand": "Brightwell|Oakline|Verdano|Lumio|Hartley & Sons|PureNest|Zentra|Nordvik|Casamore|FreshFork|BlueHarbor|TrailKing|Miravo|"
    "SnapBox|Amazon|Ikea|Nike|Apple|Samsung|Target|Walmart|Lidl|Etsy",
    "service": "meal kits|a VPN|an online course|web hosting|car insurance|a wine club|language lessons|a gym membership|"
    "audiobooks|a budgeting app|razors by post|dog food by subscription|a password manager|therapy by video",
    "code": "SAVE20|WELCOME10|SUMMER|FRIENDS15|PODCAST|SPRING25|EMMA10|THANKYOU|FALL30|VIP|TREAT|BLACKFRIDAY",
    "off": "10%|15 %|20%|25 %|30%|40 %|50%|60%|75 %|half price",
    "price": "$9.99|$19|£24.99|$49|€15|39 euros|$129|£5|$79.95|$299|12 dollars|£60|€ 89",
    "end": "midnight|Sunday|Friday|the end of the month|tonight|tomorrow at noon|Monday morning|Christmas|while stocks last",
    "shop": "store|shop|website|online shop|showroom|outlet|boutique|app",
    "link": "https://example.com/?ref=blog|amzn.to/3xYz|https://shop.example/?tag=site-20|the link in bio|the link below|"
    "https://go.example/?utm_source=mail|the button below|https://example.org/sale",
    "who": "my brother|the neighbour|my aunt|a friend|the plumber|our teacher|a colleague|the woman next door|my boss|grandpa",
    "place": "the old town|our street|the harbour|Lyon|Leeds|the village|Ohio|the station|Mumbai|the mall|Hamburg|the square",
    "day": "Monday|yesterday|last week|this morning|on Friday|in May|last summer|two days ago|on the way home",
    "firm": "the airline|the carmaker|the supermarket chain|the bank|the brewery|the phone maker|the retailer|the publisher|"
    "the railway|the start-up|Toyota|Tesla|Starbucks|Google|Siemens|Netflix|Walmart|Apple",
    "n": "3|7|12|18|24|40|55|90|120|300",
    "deal": "deal|offer|bargain|discount|promotion|bundle|saving",
    "now": "now|today|right away|before it is gone|here|in our app",
}

_SELLING = (
    "Huge sale on {goods}: up to {off} off until {end}. Use code {code} at checkout.",
    "Everything must go! {off} off all {goods} in our {shop}, ends {end}.",
    "Save {off} on {goods} with promo code {code}. Shop {now}: {link}",
    "Black Friday {deal}s are live: {goods} from {price}, free shipping on every order.",
    "This post is sponsored by {brand}. All opinions are my own. I have loved their {one} since {day}.",
    "Sponsored: why {brand} makes the {one} that everybody wants this season",
    "This post contains affiliate links: if you buy something through them, we get a small commission at no extra cost to you. "
    "Our favourite {goods} for under {price}.",
    "The best {goods} to buy this year. We may earn commission from links on this page.",
    "Thanks to {brand} for sponsoring today's episode. Go to {link} and get {off} off your first order of {service}.",
    "#sponsored So happy to work with {brand} on their new {goods}! Get yours {now}, {link}",
    "#ad My new {one} from {brand} is here and I am obsessed. Code {code} gives you {off} off.",
    "New in: {goods} by {brand}. Order today, free returns, delivered by {end}.",
    "Buy one {one}, get one free. Only until {end} in our {shop}.",
    "Our {goods} are finally back in stock. They sold out in hours last time, so order yours {now}: {link}",
    "Amazon has the {brand} {one} for just {price} right now, which is {off} less than usual.",
    "{deal} alert: {brand} {one} drops to {price}, the cheapest we have ever seen. Grab it at {link}",
    "Best {deal}s today: {goods} for {price}, a {brand} {one} for {price} and more",
    "Start your free trial of {service} today. Cancel anytime. {link}",
    "Join thousands of happy customers: {service} from {price} a month. Sign up {now}.",
    "Hurry, only {n} left! The {one} you have been waiting for is {price} until {end}.",
    "Paid partnership with {brand}: three ways that {service} changed my mornings",
    "Advertisement. Discover the new {one} by {brand}, made for people who want more.",
    "Presented by {brand}: how {service} helps busy parents save {n} hours a week",
    "Subscribe to our newsletter and get {off} off your next {one}. Limited time offer!",
    "Gift guide: {goods} that they will love, all under {price}. Shop the list: {link}",
    "Enter our giveaway and win a {brand} {one}! Like, share and follow to take part. Ends {end}.",
    "Upgrade your home with {brand} {goods}. Visit our {shop} in {place} or order online, free delivery over {price}.",
    "Exclusive for our readers: get {service} for {price} instead of double. Claim your discount {now}.",
    "The makers of this {one} paid for this article. With {brand} you get quality at a fair price: {link}",
    "Looking for a new {one}? Our experts at {brand} have you covered. Call us or visit the {shop} today.",
    "We earn a commission if you buy through {link}. Today's pick: a {brand} {one} for {price}.",
    "Pre-order the {brand} {one} {now} and receive a free gift worth {price}.",
    "Happy hour! All {goods} {off} cheaper {end}. Tell a friend and you both get {price} credit.",
    "Tickets for our workshop are on sale {now}: {price}, early birds get {off} off with {code}.",
    "Your skin deserves better. {brand}, {price}, made without compromise. Try it risk-free for {n} days.",
    "Clearance: last season's {goods} reduced to {price}. Come to our {shop} in {place} before {end}.",
    "In cooperation with {brand} we give away {n} coupons for {service}. Redeem yours {now}.",
    "Our readers love this {one}, and it's {off} off this week. As an Amazon Associate we earn from qualifying purchases.",
    "Get {goods} delivered to your door. First box for {price} with code {code}!",
    "Weekend special: {goods} for only {price}. Come and see us in {place}!",
    "Did you know? {brand} now offers {service} from {price}. Learn more: {link}",
    "We are giving {off} off to everybody who orders a {one} before {end}. No code needed.",
    "Reader {deal}: {service} for a year at {price}. Buy {now}, the price goes up after {end}.",
    "Treat your feet, your back and your wallet: {goods} from {price} in our {shop}.",
    "The new {brand} {one} has arrived. Available {now} for {price} at {link}",
    "Cyber Monday savings on {goods}, {goods} and more. Do not wait, they go fast.",
    "Partner content: {brand} explains how to choose {goods} for your home",
    "In today's video I try the {brand} {one}, kindly sent to me as a gift. Discount for you: {code}.",
    "If you click on a link and make a purchase, we may receive a fee. The {n} best {goods} that you can get {now}",
    "Support the show: try {service} with {off} off at {link}. They make our work possible.",
    "Members save more! Join our club in {place} and pay {price} instead of twice as much for {goods}.",
    "Sale! Sale! Sale! {goods}, {goods}, {goods}. Everything under {price}. Online and in every {shop}.",
    "Tired of bad {goods}? {brand} has the answer. Money-back guarantee, free delivery, {n},000 five-star reviews.",
    "A word from our sponsor: with {brand} you can get {service} for as little as {price} per month.",
    "Spend {price} or more and get a {one} on top. Offer ends {end}, terms apply.",
    "Your cart misses you! Finish your order {now} and we take {off} off your {one}.",
    "Limited edition: only {n} pieces of our new {one}. Secure yours for {price} at {link}",
    "Prime Day {deal}s: save {off} on the {brand} {one} and {n} other bestsellers",
    "Book a free consultation for {service} with our team today, places are limited. {link}",
    "Last call for {goods}: final reductions of up to {off}, shop {now} before your size is gone.",
    "Collaboration: I styled {brand}'s {goods} for autumn. They are linked in my profile, you save {off} with {code}.",
    "Sponsored content by {brand}. How the right {one} makes your day easier.",
    "Holiday packages from {price} per person! Reserve {now} with {brand} and pay later.",
    "Fresh stock in the {shop}: handmade {goods}, each {price}. Message us to order, we ship worldwide.",
    "I opened my Etsy {shop}! {goods} from {price}, and {off} off your first order with {code}.",
    "Get more out of your money: switch to {service} with {brand} and receive {price} as a welcome bonus.",
    "Unbeatable: {one} by {brand}, was {price}, now {off} less. Only in our {shop} and only until {end}.",
    "Disclosure: {brand} provided this {one} and paid me for the review. You can get it for {price} at {link}",
    "Advertorial: people in {place} swear by this {one} from {brand}, and it costs only {price}",
    "Trade in your old {one} and save up to {price} on a new one. Offer valid until {end}.",
)
_SPEAKING = (
    "Bought a {one} {day} for {price} and it broke after {n} days.",
    "{who} gave me a {one} for my birthday and I use it every day.",
    "The last {shop} for {goods} in {place} closed {day} after {n} years.",
    "{firm} said {day} that sales fell by {n} percent in the third quarter.",
    "Shares of {firm} rose {n} percent after it reported higher profits.",
    "{firm} is recalling {n},000 {goods} because they may catch fire.",
    "Prices of bread and milk rose by {n} percent in a year, the statistics office said.",
    "I remember when a coffee in {place} cost {price}. Those were the days.",
    "Workers at {firm} went on strike {day} over pay and hours.",
    "A court ordered {firm} to pay {n} million dollars for misleading customers about {goods}.",
    "Does anyone know where to get a {one} repaired in {place}?",
    "Took the kids to the {shop} {day}. They wanted everything, we left with socks.",
    "Trying to fix my old {one} instead of getting a new one. Wish me luck.",
    "I stopped buying {goods} {n} months ago and I do not miss it.",
    "Fixed a bug in the code that counted the price of {goods} twice. Version 1.{n} is out, see the notes.",
    "The source code of our little tool for {goods} is free software; patches are welcome.",
    "The Commission wants new rules for ads on {goods}; the parliament will vote {day}.",
    "A bill sponsored by two senators would tax {goods} at {n} percent.",
    "{who} works at {brand} and says that the canteen is terrible.",
    "Our street is up for sale, it seems: {n} houses have signs in the garden.",
    "Police in {place} are looking for a man who stole {n} {goods} from a {shop} {day}.",
    "Why is every {one} so expensive? I looked {day} and nothing was under {price}.",
    "Opinion: {firm} should be made to tell what it knows about us",
    "Researchers found that people who own more {goods} are not happier.",
    "A new museum of {goods} opens in {place} {day}; the mayor cut the ribbon.",
    "{who} left a {one} on the train and somebody brought it back. People are good.",
    "Half of my salary goes to rent, the other half to {price} sandwiches.",
    "The library in {place} now lends {goods}, not only books.",
    "How I sorted {n} years of {goods} out of my cellar",
    "Central bank holds interest rates; economists had expected a cut of {n} points",
    "My {one} from {brand} is {n} years old and still works, which nobody believes.",
    "The market in {place} was full {day}. I bought plums and forgot the eggs.",
    "{firm} names new chief executive after {n} years",
    "Fuel costs {price} now and the bus comes twice a day. So I cycle.",
    "Notes on rebuilding our {shop}: we moved the search to a new server {day} and it is faster.",
    "Heard an old record at {who}'s place {day}; the sleeve still had the price of {price} on it.",
    "The trade union says {firm} paid {price} an hour to people who packed {goods}.",
    "I keep a list of what I spent on {goods}: {price} in {n} weeks, more than I thought.",
    "Until midnight we talked about {goods} of our childhood and who had which {one}.",
    "Ministers agreed {day} to end subsidies for {goods} by 2030.",
    "It took me {n} months to finish this quilt and now the cat owns it.",
    "The mayor of {place} apologised {day} for the closed bridge.",
    "We have moved the newsletter to another address; nothing changes for you.",
    "{who} sold the old car for {price} and cried a little.",
    "Last {n} days of exams. Then sleep. Then more sleep.",
    "Our team won {n} to 3 {day}, what a match in {place}!",
    "Free concert in the park {day}, the whole of {place} was there and it rained.",
    "{firm} will no longer make {goods} in {place}, {n} people lose their jobs.",
    "The new {one} is nice but the old one was quieter, if I am honest.",
    "Review: the {brand} {one} is slow, loud and too expensive, and the battery lasts {n} hours",
    "I tried a {one} at a friend's house and could not see what the fuss is about.",
    "Today I learnt that {goods} were once a luxury that only kings had.",
    "The deal between {firm} and its workers gives them {n} percent more.",
    "A discount airline went bankrupt {day}; {n},000 people are stuck at airports.",
    "Study: ads for {goods} reach children {n} times a day",
    "If you were at the shop in {place} {day} and lost a blue glove, I have it.",
)
_SLOT = re.compile(r"\{(\w+)\}")


def _fill(templates: tuple[str, ...], each: int, draw: random.Random) -> dict[str, int]:
    """Texts, with the number of the template that each is made from."""
    found: dict[str, int] = {}
    for number, template in enumerate(templates):
        for _ in range(each):
            text = _SLOT.sub(lambda slot: draw.choice(_WORDS[slot[1]].split("|")), template)
            text = text[0].upper() + text[1:]
            found[
                text.replace("half price off", "half off").replace("half price less", "half") + draw.choice(_TAILS)
            ] = number
    return found


_TAILS = ("", "", "", "", " 😊", " Have a good one.", " More soon.")
SELLING = _fill(_SELLING, 14, random.Random(3))
SPEAKING = _fill(_SPEAKING, 14, random.Random(4))
